import { OrderedMap } from 'immutable';
import { z } from 'zod';
import type { Slice } from '../log/governance.js';
import type { EntryOf } from '../log/header.js';
import { ActId, PersonId } from '../log/ids.js';
import { actHash, actOpenSeconds } from './act.js';
import { authorityKey, type ActState, type Authority } from './authority.js';
import { checkActSignature } from './check-act-signature.js';
import { foldKeys } from './enrolled-keys.js';

export const authoritySlice = (empty: Authority): Slice<Authority> => ({
  key: authorityKey,
  empty,
  evolve: (state, entry) => {
    switch (entry.type) {
      case 'act.proposed':
        return proposed(state, entry);
      case 'act.signed':
        return signed(state, entry);
      default:
        return state;
    }
  },
});

const Proposed = z.strictObject({
  act: ActId,
  kind: z.string(),
  body: z.unknown(),
  actHash: z.instanceof(Uint8Array),
  expiresAt: z.int().min(0),
});

/** A second act of one id would change what stands under signatures that are already there: it is none. */
function proposed(state: Authority, entry: EntryOf<'act.proposed'>): Authority {
  const parsed = Proposed.safeParse(entry.data);
  const proposer = PersonId.safeParse(entry.actor);
  if (!parsed.success || !proposer.success) return state;
  const { act: id, kind: name, expiresAt } = parsed.data;
  const kind = state.kinds.get(name);
  const body = kind?.body.safeParse(parsed.data.body);
  if (kind === undefined || body?.success !== true || state.acts.has(id)) return state;
  const hash = hex(actHash({ kind: name, body: body.data }));
  const holds =
    hash === hex(parsed.data.actHash) && entry.at < expiresAt && expiresAt <= entry.at + actOpenSeconds * 1000;
  if (!holds) return state;
  const act: ActState = {
    id,
    kind: name,
    body: body.data,
    proposer: proposer.data,
    hash,
    position: entry.position,
    at: entry.at,
    expiresAt,
    needed: Math.max(1, kind.signers(state.trust, body.data)),
    signatures: OrderedMap(),
  };
  return { ...state, acts: state.acts.set(id, act) };
}

const Signed = z.strictObject({ act: ActId, envelope: z.string() });

function signed(state: Authority, entry: EntryOf<'act.signed'>): Authority {
  const parsed = Signed.safeParse(entry.data);
  if (!parsed.success) return state;
  const { at, position } = entry;
  const checked = checkActSignature(state, { ...parsed.data, at, size: position });
  const before = state.acts.get(parsed.data.act);
  if (checked.kind === 'refused' || before === undefined) return state;
  const act = { ...before, signatures: before.signatures.set(checked.signer, position) };
  const next = { ...state, nonces: state.nonces.add(checked.statement.nonce) };
  if (act.signatures.size < act.needed) return { ...next, acts: state.acts.set(act.id, act) };
  const enforced = { ...act, enforcedAt: position };
  return foldKeys({ ...next, acts: state.acts.set(act.id, enforced), enforced: { position, act: enforced } }, enforced);
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
