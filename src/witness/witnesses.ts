import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseCosignerKey, type Cosigner } from '../merkle/cosignature.js';
import { parsed, Url } from './witness-files.js';

/** A note has room for a hundred signatures. */
const mostWitnesses = 32;

const CosignerKey = z.string().transform((text, context) => {
  try {
    return parseCosignerKey(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'verifier key of a cosigner' });
    return z.NEVER;
  }
});

/** Whom a log asks for cosignatures, and whose count for whoever verifies. */
const WitnessesFile = z
  .strictObject({
    witnesses: z
      .array(z.strictObject({ key: CosignerKey, url: Url }))
      .min(1)
      .max(mostWitnesses)
      // Two names of one key would be two voices of one witness.
      .refine((all) => new Set(all.map(({ key }) => Buffer.from(key.publicKey).toString('hex'))).size === all.length)
      .refine((all) => new Set(all.map(({ key }) => key.name)).size === all.length),
    neededAtStart: z.int().min(0).optional(),
    waitAtStartSeconds: z.int().min(0).max(600).default(30),
  })
  .refine(({ witnesses, neededAtStart = 0 }) => neededAtStart <= witnesses.length);

export interface TrustedWitness {
  readonly name: string;
  readonly cosigner: Cosigner;
  readonly url: string;
}

export interface Witnesses {
  readonly all: readonly TrustedWitness[];
  /** How many have to say how far the log had come before anything starts on it. */
  readonly neededAtStart: number;
  /** How long they are waited for. */
  readonly waitAtStartMs: number;
}

/** @throws Problem witness_file_invalid, with every place that is wrong and no value */
export async function readWitnesses(file: string): Promise<Witnesses> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const { witnesses, neededAtStart, waitAtStartSeconds } = parsed(file, text, WitnessesFile);
  const all = witnesses.map(({ key, url }) => ({ name: key.name, cosigner: key, url }));
  return { all, neededAtStart: neededAtStart ?? all.length, waitAtStartMs: waitAtStartSeconds * 1000 };
}
