import { cosignaturesOn, parseCosignerKey, type Cosigner } from '../merkle/cosignature.js';
import { MerkleError } from '../merkle/merkle-error.js';
import { parseCount } from './arguments.js';
import { timeText } from './output.js';
import { wrongUse } from './refusal.js';

export interface RequiredWitnesses {
  readonly cosigners: readonly Cosigner[];
  /** How many of them it takes. */
  readonly needed: number;
}

/** A witness and its time, in epoch milliseconds. */
export interface WitnessedBy {
  readonly witness: string;
  readonly at: number;
}

/** Undefined where none is named. All of them are needed, unless fewer are asked for. @throws Problem usage */
export function namedWitnesses(keys: readonly string[] = [], needed?: string): RequiredWitnesses | undefined {
  if (keys.length === 0) {
    if (needed !== undefined) throw wrongUse('--cosignatures', 'together with the keys of witnesses only');
    return undefined;
  }
  const cosigners = keys.map(cosignerOf);
  // One witness under two names would be two of k.
  const distinct = new Set(cosigners.map(({ publicKey }) => Buffer.from(publicKey).toString('hex')));
  if (distinct.size !== cosigners.length) throw wrongUse('--witness', 'each key once');
  const count = needed === undefined ? cosigners.length : parseCount('--cosignatures', needed);
  if (count < 1 || count > cosigners.length) throw wrongUse('--cosignatures', '1 to the number of witnesses named');
  return { cosigners, needed: count };
}

/** Who of them cosigned; undefined where they are too few, or one of their lines does not verify. */
export function witnessesOn(note: string, { cosigners, needed }: RequiredWitnesses): WitnessedBy[] | undefined {
  try {
    const on = cosignaturesOn(note, cosigners).map(({ name, at }) => ({ witness: name, at: at * 1000 }));
    return on.length >= needed ? on : undefined;
  } catch (error) {
    if (error instanceof MerkleError) return undefined;
    throw error;
  }
}

export const witnessedText = (on: readonly WitnessedBy[] | undefined): string =>
  (on ?? []).map(({ witness, at }) => `\n  cosigned by ${witness} at ${timeText(at)}`).join('');

function cosignerOf(text: string): Cosigner {
  try {
    return parseCosignerKey(text);
  } catch (error) {
    if (!(error instanceof MerkleError)) throw error;
    throw wrongUse('--witness', 'the verifier key of a witness, name+id+key, as `custos witness init` prints it');
  }
}
