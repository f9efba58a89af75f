import type { NoteVerifier } from '../merkle/note.js';
import type { BodyStore } from './body-store.js';
import type { KeptCheckpoint } from './checkpoint-keeper.js';
import type { Check } from './checks.js';
import type { Queryable } from './database.js';
import type { Governance } from './governance.js';
import type { Entry } from './header.js';

export interface VerifyOptions {
  readonly db: Queryable;
  /** Left out: in the log's own database. */
  readonly bodies?: BodyStore;
  readonly origin: string;
  readonly verifiers: readonly NoteVerifier[];
  /** The rules of governance: given the state below an entry and above it, what is wrong with the entry. */
  readonly governance: Governance;
  readonly audit: (before: Governance, entry: Entry, after: Governance) => Check | undefined;
  /** The last checkpoint that was remembered outside the database. */
  readonly remembered?: KeptCheckpoint | undefined;
  /** What others hold of this log, such as witnesses. */
  readonly held?: readonly KeptCheckpoint[] | undefined;
  /**
   * Bodies, tiles, kept answers and checkpoints are looked at from the last checkpoint at or below this position on.
   * Every header is hashed, checked and folded all the same: what was granted below decides what is right above. If
   * they do not give the root of that checkpoint, all is looked at after all.
   */
  readonly since?: number | undefined;
  /** Epoch milliseconds by the clock of whoever verifies. Left out: this machine's. */
  readonly now?: number;
  readonly progress?: (done: number, total: number) => void;
}
