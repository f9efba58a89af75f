import { rrweb } from '../src/capture/formats/rrweb.js';
import { IssueSubjectKey, IssueSubjectKeyHandler } from '../src/capture/issue-subject-key.js';
import { catalogue } from '../src/capture/seal-records.js';
import { decomposeAll, inPlaces, raiseAll } from '../src/capture/take-apart.js';
import { keyIdOf } from '../src/identity/trust.js';
import { SubjectKeys } from '../src/keys/subject-keys.js';
import type { SubjectId } from '../src/log/ids.js';
import { SourceSealer, type SealedPost } from '../src/sealing/seal-at-source.js';
import type { VaultInProcess } from './vault-in-process.js';

export interface SealedFor {
  readonly session?: string;
  readonly subject?: string;
  readonly signer?: Pick<VaultInProcess['sourceKey'], 'publicKey' | 'seed'>;
  /** Name of another log. */
  readonly origin?: string;
}

export const issueKey = (vault: VaultInProcess, subject: string) =>
  new IssueSubjectKeyHandler(vault.log, new SubjectKeys(vault.log, vault.keyholder)).execute(
    new IssueSubjectKey(subject as SubjectId),
  );

/** A source's end of it: nothing of the service but the subject's public key. */
export async function openSealer(
  vault: VaultInProcess,
  { session = 'one', subject = 's1', signer = vault.sourceKey, origin }: SealedFor = {},
): Promise<SourceSealer> {
  const { key, origin: told } = await issueKey(vault, subject);
  return SourceSealer.open({
    origin: origin ?? told,
    session,
    subject,
    catalogue,
    subjectKey: { keyId: key?.keyId as string, publicKey: new Uint8Array(Buffer.from(key?.publicKey ?? '', 'base64')) },
    signer: { keyId: keyIdOf(signer.publicKey), seed: signer.seed },
  });
}

/** Records of rrweb, the first of them with the sequence number `first`. */
export async function sealRecords(
  by: SourceSealer,
  records: readonly { readonly time: number; readonly data: unknown }[],
  first = 0,
): Promise<SealedPost> {
  const decomposed = decomposeAll(records.map(({ data }) => data), rrweb); // prettier-ignore
  const taken = await raiseAll(decomposed, rrweb, new Map());
  const { good, problems } = inPlaces(taken, (index) => records[index]?.time as number, { first, from: first });
  return by.seal(
    good,
    problems.map(({ index }) => first + index),
  );
}
