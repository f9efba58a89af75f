import { randomBytes } from 'node:crypto';
import { Secret } from '../sealing/secret.js';
import { publicKeyOf } from '../sealing/signature.js';
import { deriveSigningSeed } from '../sealing/subject-key.js';

const rootKeyBytes = 32;
const attestPurpose = 'keyholder attestation';

/** What wraps the subjects' keys, and what the keyholder signs with. */
export interface RootKeys {
  readonly current: Secret;
  /** While keys are wrapped again: some rows still need it. */
  readonly previous?: Secret;
  /**
   * Seed of the keyholder's signing key. It follows from the first root key and outlives it: what it signed is in the log,
   * and its public half in the trust file.
   */
  readonly attestation: Secret;
}

export const freshRootKey = (): Secret => new Secret(new Uint8Array(randomBytes(rootKeyBytes)));

/** The keyholder's signing key follows from the root key until there is a second one: no second secret to keep. */
export const rootKeysOf = (rootKey: Secret): RootKeys => ({
  current: rootKey,
  attestation: deriveSigningSeed(rootKey, attestPurpose),
});

/** The next one, which wraps from now on; the one before opens what it has wrapped. */
export const withNextKey = ({ current, attestation }: RootKeys, next = freshRootKey()): RootKeys => ({
  current: next,
  previous: current,
  attestation,
});

export const withoutPrevious = ({ current, attestation }: RootKeys): RootKeys => ({ current, attestation });

export const attestationKey = ({ attestation }: RootKeys): Uint8Array => publicKeyOf(attestation);

const hexKey = '[0-9a-f]{64}';
const form = new RegExp(`^(${hexKey})\\n?(?:previous (${hexKey})\\n)?(?:attestation (${hexKey})\\n)?$`);

/**
 * 64 hex digits, the root key; after a rotation a line `attestation` with the seed that the first root key gave, and
 * while one is under way a line `previous` before it. Undefined for anything else.
 */
export function parseRootKeys(text: string): RootKeys | undefined {
  const [, current, previous, attestation] = form.exec(text) ?? [];
  if (current === undefined) return undefined;
  const keys = rootKeysOf(secretOf(current));
  return {
    ...keys,
    ...(previous === undefined ? {} : { previous: secretOf(previous) }),
    ...(attestation === undefined ? {} : { attestation: secretOf(attestation) }),
  };
}

/** Only a first root key is without the line `attestation`: then it follows from it. */
export function formatRootKeys({ current, previous, attestation }: RootKeys): string {
  const follows = sameBytes(rootKeysOf(current).attestation, attestation);
  return [
    hexOf(current),
    ...(previous === undefined ? [] : [`previous ${hexOf(previous)}`]),
    ...(follows ? [] : [`attestation ${hexOf(attestation)}`]),
    '',
  ].join('\n');
}

const sameBytes = (a: Secret, b: Secret) => Buffer.from(a.bytes).equals(b.bytes);
const hexOf = ({ bytes }: Secret) => Buffer.from(bytes).toString('hex');
const secretOf = (hex: string) => new Secret(Uint8Array.from(Buffer.from(hex, 'hex')));
