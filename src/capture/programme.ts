import { z } from 'zod';
import type { ActKind, Objection } from '../identity/act.js';
import { authorityKey, enforcedBy } from '../identity/authority.js';
import type { Actor, AssuranceReported } from '../log/entries.js';
import type { Slice, SliceKey } from '../log/governance.js';
import type { Position } from '../log/ids.js';
import { hashCanonical } from '../sealing/canonical.js';

/** Whether anything is captured at all. Where nobody has said anything, it is: subjects and locks bound it. */
export interface Programme {
  readonly status: 'capturing' | 'paused';
  /** Of the entry that made it so. */
  readonly since?: Position;
  readonly by?: Actor;
  readonly reason?: string;
  /** The last one, whatever it found. */
  readonly assurance?: Assurance;
}

export interface Assurance {
  readonly position: Position;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly ok: boolean;
  /** Hex, over all of the report. */
  readonly hash: string;
}

/** What was found tells nothing about much later. Long enough for a quorum to sign. */
export const assuranceHoldsSeconds = 30 * 60;

export const assuranceHash = (report: AssuranceReported): string =>
  Buffer.from(hashCanonical('custos/assurance/v1', report)).toString('hex');

export const programmeKey: SliceKey<Programme> = { slice: 'programme' };

/** Any one officer pauses, at once; going on takes a quorum. */
export const programmeAct: ActKind = {
  kind: 'programme.resume',
  // The pause that is meant: signatures for ending one pause must not end the next.
  // And the report that says all is well: whoever signs has seen that one, and not just some green one.
  body: z.strictObject({ since: z.int().min(0), assurance: z.string().regex(/^[0-9a-f]{64}$/) }),
  signers: ({ quorum }) => quorum.ordinary,
  objection: (body, { of, at }) => objection(of(programmeKey), body as Resume, at),
};

interface Resume {
  readonly since: number;
  readonly assurance: string;
}

/** What must hold of the report that an act names, at the time of each signature; the fold asks again at the last one. */
const rules = {
  pause_ended: (state, { since }) => state.status === 'paused' && state.since === since,
  assurance_superseded: ({ assurance }, { assurance: named }) => assurance?.hash === named,
  assurance_not_green: ({ assurance }) => assurance?.ok === true,
  assurance_before_pause: ({ assurance }, { since }) => (assurance?.position ?? -1) > since,
  assurance_too_old: ({ assurance }, _body, at) => at - (assurance?.at ?? 0) <= assuranceHoldsSeconds * 1000,
} satisfies Record<string, (state: Programme, body: Resume, at: number) => boolean>;

function objection(state: Programme, body: Resume, at: number): Objection | undefined {
  const [first, ...rest] = (Object.keys(rules) as (keyof typeof rules)[]).filter(
    (name) => !rules[name](state, body, at),
  );
  return first === undefined ? undefined : { code: 'programme_unassured', rules: [first, ...rest] };
}

/** Stands behind `authority`. */
export const programmeSlice: Slice<Programme> = {
  key: programmeKey,
  empty: { status: 'capturing' },
  evolve: (state, entry, of) => {
    if (entry.type === 'programme.paused') {
      const { position: since, actor: by, data } = entry;
      return { ...state, status: 'paused', since, by, reason: data.reason };
    }
    if (entry.type === 'assurance.reported') {
      const { position, at, data } = entry;
      return { ...state, assurance: { position, at, ok: data.ok === true, hash: assuranceHash(data) } };
    }
    if (entry.type !== 'act.signed') return state;
    const act = enforcedBy(of(authorityKey), entry.position, programmeAct.kind);
    if (act === undefined || objection(state, act.body as Resume, entry.at) !== undefined) return state;
    const { assurance } = state;
    return { status: 'capturing', since: entry.position, by: entry.actor, ...(assurance && { assurance }) };
  },
};
