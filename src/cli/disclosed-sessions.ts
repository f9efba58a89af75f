import { segment } from './arguments.js';
import type { Disclosed } from './disclosed.js';
import { trustFilePath, type connect, type Globals } from './globals.js';
import { say } from './output.js';
import type { RequestShown } from './request-text.js';

export type Connected = Awaited<ReturnType<typeof connect>>;

export interface Wanted {
  /** What gives the sessions: a disclosure each. */
  readonly path: string;
  readonly grant: string;
  readonly sessions: readonly string[];
  /** Left out: all that the grant gives. */
  readonly field?: readonly string[];
}

export const disclosuresOf = (grant: string) => `/v1/grants/${segment(grant)}/disclosures`;

/**
 * One disclosure for each session, asked for when the one before was read. What comes has a receipt that was verified, and
 * that is kept where `--receipts` says. @throws Problem not_verified, and a Refusal
 */
export async function* disclosedSessions(
  client: Connected,
  { path, grant, sessions, field: fields }: Wanted,
  all: Globals,
): AsyncGenerator<Disclosed & { readonly session: string }> {
  const [{ trustedLogKey }, { disclosed }, { saveReceipt }] = await Promise.all([
    import('./receipt.js'),
    import('./disclosed.js'),
    import('./keep-receipts.js'),
  ]);
  const logKey = await trustedLogKey(trustFilePath(all.data));
  for (const session of sessions) {
    const asked = { grant, session, fields, person: client.person };
    const answer = client.postForLines(path, { session, ...(fields === undefined ? {} : { fields }) });
    const one = await disclosed(answer, asked, logKey);
    if (all.receipts !== undefined) await saveReceipt(all.receipts, one.position, one.receipt);
    yield { session, ...one };
    for (const gone of one.expired) {
      say(`${gone.field} of ${session}: past its retention in up to ${gone.records} records (entry ${gone.position})`);
    }
  }
}

/** A grant has the id of its request. */
export async function sessionsOf(client: Connected, grant: string): Promise<readonly string[]> {
  const { scope } = await client.get<RequestShown>(`/v1/requests/${segment(grant)}`);
  return scope.sessions.map(({ session }) => session);
}
