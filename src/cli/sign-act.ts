import { randomBytes, randomUUID } from 'node:crypto';
import { actHash, ActStatement, actType, type Act } from '../identity/act.js';
import type { ActView } from '../identity/list-acts.js';
import type { Envelope } from '../sealing/dsse.js';
import { segment } from './arguments.js';
import type { Client } from './client.js';
import { connect, type Globals } from './globals.js';
import { jsonText, listing, printResult, say, timeText, visible } from './output.js';
import { notVerified, wrongUse } from './refusal.js';
import { openedCheckpoint, signatureLifetimeMs, signer, type SignOptions } from './signer.js';

export interface SignedAct {
  readonly act: string;
  readonly signatures: number;
  readonly needed: number;
  readonly enforced: boolean;
  readonly position: number;
}

/** Puts an act before the officers, signed by whoever asks, and says who is still missing. */
export async function propose(act: Act, options: SignOptions, all: Globals): Promise<void> {
  const client = await connect(all);
  const id = randomUUID();
  const envelope = await signed(id, act, client, options, all);
  await told(await client.post<SignedAct>('/v1/acts', { act: id, ...act, envelope }), all);
}

/**
 * Adds a signature to an act that is there. What is signed is what was shown: its hash is computed here.
 * @param isMeant what whoever typed the command said of the act; an id says nothing of what the service shows under it
 */
export async function cosign(
  id: string,
  options: SignOptions,
  all: Globals,
  isMeant: (act: Act) => boolean = () => true,
): Promise<void> {
  const client = await connect(all);
  const shown = await client.get<ActView>(`/v1/acts/${segment(id)}`);
  const { kind, body } = shown;
  if (shown.act.toLowerCase() !== id.toLowerCase()) throw notVerified(0, 'act_id');
  if (!isMeant({ kind, body })) throw notVerified(0, 'act_kind');
  if (hex(actHash({ kind, body })) !== shown.actHash) throw notVerified(0, 'act_hash');
  if (!all.json) {
    say(listing([['proposed by', shown.proposer], ['signed by', names(shown)], ['open until', timeText(shown.expiresAt)]])); // prettier-ignore
  }
  const envelope = await signed(shown.act, { kind, body }, client, options, all);
  await told(await client.post<SignedAct>(`/v1/acts/${segment(shown.act)}/signatures`, { envelope }), all);
}

async function signed(id: string, act: Act, client: Client, options: SignOptions, all: Globals): Promise<Envelope> {
  const { key, logKey } = await signer(options, all);
  const { size, root } = openedCheckpoint(await client.getText('/v1/log/checkpoint'), logKey);
  const statement = ActStatement.safeParse({
    act: id,
    actHash: hex(actHash(act)),
    checkpoint: { root: hex(root), size },
    expiresAt: Date.now() + signatureLifetimeMs,
    nonce: randomBytes(16).toString('hex'),
    origin: logKey.origin,
    signer: key.person,
    type: 'custos.act.v1',
  });
  if (!statement.success) throw wrongUse('ID', 'an act');
  const { actHash: hash, checkpoint, signer: person, expiresAt } = statement.data;
  if (!all.json) {
    say(
      listing([
        ['You sign', act.kind],
        ['act hash', `${hash} (computed here)`],
        ['log', `${logKey.origin}, ${checkpoint.size} entries, root ${checkpoint.root}`],
        ['as', person],
        ['hand in until', timeText(expiresAt)],
      ]),
    );
    say(visible(jsonText(act.body, 2)));
  }
  const { confirm } = await import('./ask.js');
  await confirm('Sign this?', { yes: options.yes === true, json: all.json });
  return key.sign(actType, statement.data);
}

const told = (answer: SignedAct, { json }: Globals) =>
  printResult(json, answer, () =>
    listing([
      ['act', answer.act],
      ['signatures', `${answer.signatures} of ${answer.needed}`],
      ['in force', answer.enforced ? `since position ${answer.position}` : 'not yet: `custos act sign` by others'],
    ]),
  );

export const names = ({ signatures }: ActView): string => signatures.map(({ person }) => person).join(', ');
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
