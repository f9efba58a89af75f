import { z } from 'zod';
import type { ActKind, Objection } from '../identity/act.js';
import { authorityKey, enforcedBy } from '../identity/authority.js';
import type { Actor, AssuranceReported } from '../log/entries.js';
import type { Of, Slice, SliceKey } from '../log/governance.js';
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
const kind = 'programme.resume';
export const programmeAct = (openReviews: OpenReviews): ActKind => ({
  kind,
  // The pause that is meant: signatures for ending one pause must not end the next.
  // And the report that says all is well: whoever signs has seen that one, and not just some green one.
  body: z.strictObject({ since: z.int().min(0), assurance: z.string().regex(/^[0-9a-f]{64}$/) }),
  signers: ({ quorum }) => quorum.ordinary,
  objection: (body, { of, at }) => objection(of(programmeKey), body as Resume, { at, openReviews: openReviews(of) }),
});

/** How many readings by one person alone nobody has reviewed: `access/` knows, which stands above this. */
export type OpenReviews = (of: Of) => number;
interface Now {
  readonly at: number;
  readonly openReviews: number;
}

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
  review_open: (_state, _body, { openReviews }) => openReviews === 0,
  assurance_too_old: ({ assurance }, _body, { at }) => at - (assurance?.at ?? 0) <= assuranceHoldsSeconds * 1000,
} satisfies Record<string, (state: Programme, body: Resume, now: Now) => boolean>;

function objection(state: Programme, body: Resume, now: Now): Objection | undefined {
  const [first, ...rest] = (Object.keys(rules) as (keyof typeof rules)[]).filter(
    (name) => !rules[name](state, body, now),
  );
  return first === undefined ? undefined : { code: 'programme_unassured', rules: [first, ...rest] };
}

/** Stands behind `authority`, and behind what `openReviews` reads. */
export const programmeSlice = (openReviews: OpenReviews): Slice<Programme> => ({
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
    const act = enforcedBy(of(authorityKey), entry.position, kind);
    if (act === undefined) return state;
    const now = { at: entry.at, openReviews: openReviews(of) };
    if (objection(state, act.body as Resume, now) !== undefined) return state;
    const { assurance } = state;
    return { status: 'capturing', since: entry.position, by: entry.actor, ...(assurance && { assurance }) };
  },
});
