import { CommanderError } from 'commander';
import pico from 'picocolors';
import { describeError } from '../http/describe-error.js';
import { Problem } from '../problem.js';
import { jsonText, print, say, visible } from './output.js';
import { Refusal, type ProblemBody } from './refusal.js';

export const exitCodes = { done: 0, refused: 1, wrongUse: 2 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const wrongUseCodes = new Set(['usage', 'service_unreachable']);

/** A command that did its work and whose answer is no, such as a log that does not verify. The answer is printed. */
export class AnsweredNo extends Error {
  override readonly name = 'AnsweredNo';
}

export function exitCodeOf(error: unknown): ExitCode {
  // Help and version end commander's parsing as errors that went well.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse;
  if (error instanceof AnsweredNo) return exitCodes.refused;
  return wrongUseCodes.has(problemOf(error).code) ? exitCodes.wrongUse : exitCodes.refused;
}

/** Says what went wrong: one JSON document on standard output, or text on standard error. */
export async function reportError(error: unknown, json: boolean): Promise<ExitCode> {
  const code = exitCodeOf(error);
  if (code === exitCodes.done || error instanceof AnsweredNo) return code;
  const problem = error instanceof CommanderError ? problemOf(new Problem('usage')) : problemOf(error);
  if (json) await print(`${jsonText(problem)}\n`);
  // Commander has told people on standard error what it did not understand.
  else if (!(error instanceof CommanderError)) sayProblem(problem);
  // Where, and nothing of what: messages of others repeat values.
  if (problem.code === 'internal' && process.env['CUSTOS_DEBUG'] !== undefined) say(jsonText(describeError(error)));
  return code;
}

function problemOf(error: unknown): ProblemBody {
  if (error instanceof Refusal) return error.body;
  if (error instanceof Problem && error.code !== 'internal') return { ...error.toJSON() };
  return {
    code: 'internal',
    title: 'Something went wrong in this command',
    detail: 'Set CUSTOS_DEBUG=1 and run it again to see where.',
  };
}

function sayProblem({ code, title, detail, type: _type, status: _status, ...members }: ProblemBody): void {
  process.stderr.write(`${pico.red(visible(title))} (${visible(code)})\n`);
  if (typeof detail === 'string') say(detail);
  for (const [name, value] of Object.entries(members)) say(`  ${name}: ${memberText(value)}`);
}

function memberText(value: unknown): string {
  if (!Array.isArray(value)) return jsonText(value);
  return value.map((one) => (typeof one === 'string' ? visible(one) : entriesText(one))).join(', ');
}

/** `position 4, check leaf`, as in the members that are lists. */
function entriesText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return jsonText(value);
  return Object.entries(value)
    .map(([name, one]) => visible(`${name} ${String(one)}`))
    .join(', ');
}
