import { formatOf } from '../capture/formats/formats.js';
import type { IssuedSubjectKey } from '../capture/issue-subject-key.js';
import { catalogue } from '../capture/seal-records.js';
import type { Tag } from '../capture/detection/detect.js';
import { decomposeAll, inPlaces, raiseAll } from '../capture/take-apart.js';
import type { SigningKey } from '../identity/signing-key.js';
import type { Trust } from '../identity/trust.js';
import { attests } from '../keys/attestation.js';
import type { SubjectId } from '../log/ids.js';
import { SourceSealer } from '../sealing/seal-at-source.js';
import { segment } from './arguments.js';
import type { Client } from './client.js';
import { notVerified, problemOf } from './refusal.js';
import type { About, Answer, Send } from './send-records.js';

export interface SealWith {
  readonly key: SigningKey;
  /** This side's own: the service is not asked whose word counts. */
  readonly trust: Pick<Trust, 'origin' | 'keyholder'>;
}

/**
 * Sends records that are taken apart, searched and sealed here: what leaves is ciphertext. Of a subject whose records
 * are suppressed, only their number does.
 */
export function sendSealed(client: Pick<Client, 'post'>, about: About, sealWith: SealWith): Send {
  const format = formatOf(about.format);
  // Inputs whose text was raised, from one post to the next (detection/raise.ts).
  const inputs = new Map<string, Tag>();
  let sealer: SourceSealer | 'suppressed' | undefined;

  return async (first, records) => {
    const decomposed = decomposeAll(
      records.map(({ data }) => data),
      format,
    );
    const taken = await raiseAll(decomposed, format, inputs);
    const { good, problems } = inPlaces(taken, (index) => records[index]?.time as number, { first, from: first });
    const rejected = problems.map(({ index }) => first + index);
    const post = async (): Promise<Answer> => {
      sealer ??= await sealerFor(client, about, sealWith);
      const sealed = sealer === 'suppressed' ? {} : { sealed: await sealer.seal(good, rejected) };
      return client.post('/v1/sealed-batches', { ...about, first, count: records.length, ...sealed });
    };
    try {
      return await post();
    } catch (error) {
      // The subject is recorded again: what was counted only is sealed, and sent.
      if (problemOf(error)?.code !== 'records_unsealed') throw error;
      sealer = undefined;
      return post();
    }
  };
}

/** @throws Problem not_verified for a key that the keyholder did not attest, or of another log */
async function sealerFor(
  client: Pick<Client, 'post'>,
  { session, subject }: About,
  { key: signer, trust }: SealWith,
): Promise<SourceSealer | 'suppressed'> {
  const issued = await client.post<IssuedSubjectKey>(`/v1/subjects/${segment(subject)}/key`, {});
  if (issued.key === null) return 'suppressed';
  const [publicKey, attestation] = [bytes(issued.key.publicKey), bytes(issued.key.attestation)];
  const { keyId } = issued.key;
  if (issued.origin !== trust.origin) throw notVerified(0, 'origin');
  if (!attests(trust.keyholder, { subject: subject as SubjectId, keyId, publicKey }, attestation)) {
    throw notVerified(0, 'key_not_attested');
  }
  const subjectKey = { keyId, publicKey };
  return SourceSealer.open({ origin: trust.origin, session, subject, catalogue, subjectKey, signer });
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
