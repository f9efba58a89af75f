import { linesOf } from '../demo/ask.js';
import { claim, claimSame } from '../demo/claim.js';
import type { Stage } from '../demo/stage.js';

/** What somebody read, as whoever read it knows it. */
export interface Reading {
  /** Of the disclosure in the log, out of its receipt. */
  readonly position: number;
  readonly person: string;
  readonly session: string;
  readonly fields: readonly string[];
  readonly records: number;
}

export interface OldGrant {
  readonly person: string;
  readonly grant: string;
  readonly field: string;
}

const atOnce = 4;

/** Reads these sessions, a few at a time, as a script of a researcher would. */
export async function readAll(stage: Stage, of: OldGrant, sessions: readonly string[]): Promise<Reading[]> {
  const left = [...sessions];
  const readings: Reading[] = [];
  const reader = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      readings.push(await readOne(stage, of, next));
  };
  await Promise.all(Array.from({ length: atOnce }, reader));
  return readings;
}

interface Line {
  readonly kind: string;
  readonly receipt?: string;
  readonly fields?: object;
}

async function readOne({ ask }: Stage, { person, grant, field }: OldGrant, session: string): Promise<Reading> {
  const answer = await ask(person, 'POST', `/v1/grants/${grant}/disclosures`, { session });
  claimSame(answer.status, 200, 'status of a reading');
  const lines = linesOf<Line>(answer);
  const [, index] = /^index (\d+)$/m.exec(lines[0]?.receipt ?? '') ?? [];
  const records = lines.filter(({ kind }) => kind === 'record');
  claim(index !== undefined && lines.at(-1)?.kind === 'end', 'a receipt comes first, and the end last');
  claim(records.every(({ fields }) => Object.keys(fields ?? {}).every((name) => name === field)), 'and nothing but the field'); // prettier-ignore
  return { position: Number(index), person, session, fields: [field], records: records.length };
}
