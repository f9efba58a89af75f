import type { Findings } from './checks.js';

/**
 * Holds the root at each signed checkpoint against the tree. A root that differs has one of two reasons, and what
 * comes after tells which: if a later checkpoint is right again, the entries are, and this one is of another log
 * that was signed with the same key; if none ever is, an entry was changed behind the last that was right.
 */
export class SignedRoots {
  private readonly differing: number[] = [];
  private rightUpTo = 0;

  constructor(private readonly findings: Findings) {}

  /** Whether it is the one that was signed. */
  compare(size: number, signed: Uint8Array, root: Uint8Array): boolean {
    if (Buffer.compare(signed, root) !== 0) {
      this.differing.push(size);
      return false;
    }
    for (const other of this.differing.splice(0)) this.findings.report(other - 1, 'checkpoint_differs');
    this.rightUpTo = size;
    return true;
  }

  end(): void {
    const first = this.differing[0];
    // Whatever was found in between is the reason; nothing is named twice.
    if (first === undefined || this.findings.between(this.rightUpTo, first)) return;
    this.findings.report(this.rightUpTo, 'entries_changed');
  }
}
