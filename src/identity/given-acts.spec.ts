import { randomBytes, randomUUID } from 'node:crypto';
import type { EntryData, EntryType } from '../log/entries.js';
import type { Entry } from '../log/header.js';
import type { ActId, PersonId, Position } from '../log/ids.js';
import { formatVerifierKey } from '../merkle/note.js';
import { generateSigningKey } from '../sealing/signature.js';
import { sodiumReady } from '../sealing/sodium.js';
import { actHash, actOpenSeconds, signAct, type Act, type ActStatement } from './act.js';
import { emptyAuthority, type Authority } from './authority.js';
import { keyActs } from './enrolled-keys.js';
import { authoritySlice } from './evolve-authority.js';
import { envelopeText } from './signed-statement.js';
import { keyIdOf, type Trust } from './trust.js';

/** Given, when, then for acts: histories are entries, and every entry goes through the real fold. */

export const origin = 'custos.example/acts';
export const start = 1_767_225_600_000;
export const day = 24 * 3600 * 1000;

const names = ['officer1', 'officer2', 'officer3', 'approver1'] as const;
export type Name = (typeof names)[number];
const keys = new Map<string, ReturnType<typeof generateSigningKey>>();
export let trust: Trust;

export async function makePeople(): Promise<void> {
  await sodiumReady();
  for (const name of names) keys.set(name, generateSigningKey());
  trust = {
    origin,
    log: formatVerifierKey(origin, randomBytes(32)),
    keyholder: new Uint8Array(32),
    quorum: { ordinary: 2, large: 3 },
    sources: new Map(),
    keys: new Map(
      names.map((name) => {
        const { publicKey } = keyOf(name);
        const role = name.startsWith('officer') ? ('officer' as const) : ('approver' as const);
        return [keyIdOf(publicKey), { person: name as string as PersonId, role, publicKey }];
      }),
    ),
  };
}
export const keyOf = (name: string) => keys.get(name) as ReturnType<typeof generateSigningKey>;

export interface Told {
  readonly entries: readonly Entry[];
  readonly at: number;
}
export type Step = (told: Told) => Told;
export const tell = (...steps: readonly Step[]): Told =>
  steps.reduce((told, step) => step(told), { entries: [], at: start } as Told);

export const noOther = () => {
  throw new Error('the first slice reads no other');
};
export const fold = (state: Authority, entry: Entry): Authority => authoritySlice(state).evolve(state, entry, noOther);
export const stateOf = ({ entries }: Told): Authority => entries.reduce(fold, emptyAuthority(trust, keyActs));
export const after = (...steps: readonly Step[]): Authority => stateOf(tell(...steps));

export const later =
  (ms: number): Step =>
  (told) => ({ ...told, at: told.at + ms });

const add =
  <T extends EntryType>(type: T, data: EntryData[T], actor = 'officer1'): Step =>
  (told) => {
    const position = told.entries.length as Position;
    const entry = { position, id: new Uint8Array(16), stream: 'act', version: 0, at: told.at, columns: [] };
    return { ...told, entries: [...told.entries, { ...entry, type, data, actor: actor as PersonId } as Entry] };
  };

export const actId = (n = 0) => `00000000-0000-4000-8000-00000000000${n}` as ActId;

/** A key that nobody has yet. */
export const newKey = generateSigningKey;
export const enrolment = (publicKey: Uint8Array, differing: Record<string, unknown> = {}): Act => ({
  kind: 'key.enrol',
  body: {
    person: 'approver9',
    role: 'approver',
    publicKey: Buffer.from(publicKey).toString('base64'),
    expiresAt: start + 30 * day,
    ...differing,
  },
});
export const revocation = (publicKey: Uint8Array): Act => ({ kind: 'key.revoke', body: { keyId: keyIdOf(publicKey) } });

export const proposed =
  (act: Act, { n = 0, ...forged }: { n?: number } & Partial<EntryData['act.proposed']> = {}): Step =>
  (told) =>
    add('act.proposed', {
      act: actId(n),
      kind: act.kind,
      body: act.body,
      actHash: actHash(act),
      expiresAt: told.at + actOpenSeconds * 1000,
      ...forged,
    })(told);

export const statementFor = (told: Told, signer: string, act: Act, differing: Partial<ActStatement> = {}) => ({
  act: actId(),
  actHash: Buffer.from(actHash(act)).toString('hex'),
  checkpoint: { root: '0'.repeat(64), size: told.entries.length },
  expiresAt: told.at + 3600 * 1000,
  nonce: randomUUID().replaceAll('-', ''),
  origin,
  signer: signer as PersonId,
  type: 'custos.act.v1' as const,
  ...differing,
});

export const envelopeBy = (
  told: Told,
  signer: string,
  act: Act,
  differing: Partial<ActStatement> = {},
  key = signer,
) => {
  const { seed, publicKey } = keyOf(key);
  return signAct(statementFor(told, signer, act, differing), { keyId: keyIdOf(publicKey), seed });
};

export const signed =
  (signer: string, act: Act, differing: Partial<ActStatement> = {}, key = signer): Step =>
  (told) =>
    add('act.signed', {
      act: differing.act ?? actId(),
      envelope: envelopeText(envelopeBy(told, signer, act, differing, key)),
    })(told);
