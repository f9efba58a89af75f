import { z } from 'zod';
import type { ActKind } from '../identity/act.js';
import { authorityKey, enforcedBy } from '../identity/authority.js';
import type { Actor } from '../log/entries.js';
import type { Slice, SliceKey } from '../log/governance.js';
import type { Position } from '../log/ids.js';

/** Whether anything is captured at all. Where nobody has said anything, it is: subjects and locks bound it. */
export interface Programme {
  readonly status: 'capturing' | 'paused';
  /** Of the entry that made it so. */
  readonly since?: Position;
  readonly by?: Actor;
  readonly reason?: string;
}

export const programmeKey: SliceKey<Programme> = { slice: 'programme' };

/** Any one officer pauses, at once; going on takes a quorum. */
export const programmeAct: ActKind = {
  kind: 'programme.resume',
  // The pause that is meant: signatures for ending one pause must not end the next.
  body: z.strictObject({ since: z.int().min(0) }),
  signers: ({ quorum }) => quorum.ordinary,
};

/** Stands behind `authority`. */
export const programmeSlice: Slice<Programme> = {
  key: programmeKey,
  empty: { status: 'capturing' },
  evolve: (state, entry, of) => {
    if (entry.type === 'programme.paused') {
      const { position: since, actor: by, data } = entry;
      return { status: 'paused', since, by, reason: data.reason };
    }
    if (entry.type !== 'act.signed') return state;
    const act = enforcedBy(of(authorityKey), entry.position, programmeAct.kind);
    return act !== undefined && (act.body as { since: number }).since === state.since
      ? { status: 'capturing', since: entry.position, by: entry.actor }
      : state;
  },
};
