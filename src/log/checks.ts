/** What `custos verify` can find wrong at a position: what was done there, and how it shows. */
export const checks = {
  missing: 'missing: no row has this entry',
  truncated: 'truncated: from here on every entry up to the signed head is missing',
  reordered: 'reordered: this entry stands at another position',
  header_changed: 'changed: the header is not the one that was hashed',
  entries_changed: 'changed: from here on the entries do not give the root that was signed',
  below_trusted: 'changed: below the checkpoint that --since trusts, and so that one says nothing of it',
  leaf_differs: 'changed: the stored leaf is not the hash of the header',
  header_unreadable: 'changed: the header cannot be decoded',
  column_differs: 'changed: an index column does not repeat the header',
  time_reversed: 'reordered: the time is before that of the entry below',
  time_ahead: 'dated in the future: from here on, by the clock of whoever verifies',
  version_wrong: 'reordered: the stream version is not the next one',
  not_in_the_log: 'added: a row stands where the signed log has none',
  not_indexed: 'hidden: an index of the database does not know this entry, and whoever asks by it is not shown it',
  checkpoint_forged: 'forged signature: a stored checkpoint was not signed by the log',
  checkpoint_differs: 'forked: the log signed another root for these entries',
  checkpoint_missing: 'missing: the checkpoint of the head is not among those that are kept',
  head_differs: 'changed: the head is not the last signed checkpoint',
  rolled_back: 'rolled back: a later checkpoint was signed than this head',
  tile_missing: 'missing: a full tile is not stored',
  tile_differs: 'changed: a stored tile is not made of the leaves',
  body_missing: 'missing: a sealed column that no entry gave up',
  body_changed: 'changed: a sealed column is not the one in the header',
  body_expired: 'not deleted: a sealed column is still there, long after the log said that it is gone',
  body_unlisted: 'added: a sealed column stands in no header',
  command_differs: 'changed: the answer that is kept for a command is not the one that was given',
  command_missing: 'missing: no answer is kept for the command that wrote this entry',
  command_repeated: 'written twice: this command was carried out before',
  unguarded: 'not guarded: what the database shows others, or lets them change, is not as the migrations left it',
  disclosure_without_grant: 'not allowed: a disclosure had no grant in force',
  act_invalid: 'forged signature: a signature of an officer does not count',
  approval_invalid: 'forged signature: an approval is not validly signed, or outside the quorum',
  retention_invalid: 'not allowed: columns were given up against the rules of retention',
  key_not_attested: 'forged signature: a key was not attested by the keyholder',
  certificate_invalid: 'forged signature: the keyholder did not certify this destruction',
} as const;
export type Check = keyof typeof checks;

export interface Finding {
  readonly position: number;
  readonly check: Check;
}

/** Past this many the log is broken beyond a list. */
const mostFindings = 100;

/** What was found, by position; each once. */
export class Findings {
  private readonly found = new Map<string, Finding>();

  readonly report = (position: number, check: Check): void => {
    if (this.found.size < mostFindings) this.found.set(`${position} ${check}`, { position, check });
  };

  get isFull(): boolean {
    return this.found.size >= mostFindings;
  }

  /** Whether anything was found from one position up to before another. */
  between(from: number, to: number): boolean {
    return [...this.found.values()].some(({ position }) => position >= from && position < to);
  }

  inOrder(): Finding[] {
    return [...this.found.values()].sort((a, b) => a.position - b.position);
  }
}
