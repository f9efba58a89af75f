import { z } from 'zod';
import type { AccessState } from '../access/access-state.js';
import { governs, type Actor, type EntryType } from '../log/entries.js';
import type { Entry } from '../log/header.js';
import type { GrantId, PersonId, Position, SessionId, SubjectId } from '../log/ids.js';
import { endSaid } from './release-said.js';

/** One of these. */
export interface TimelineOf {
  readonly all?: true;
  readonly session?: SessionId;
  readonly person?: PersonId;
  readonly grant?: GrantId;
  readonly subject?: SubjectId;
}

export interface TimelineEntry {
  readonly position: Position;
  readonly at: number;
  readonly type: EntryType;
  readonly by: Actor;
  readonly subject?: SubjectId;
  /** The request that it belongs to, which is also the id of its grant. */
  readonly request?: string;
  /** The entry that this one follows from: an approval from its request, a release from what completed its grant. */
  readonly from?: number;
}

/** What a session consists of would bury what happened to it. */
const bulk: ReadonlySet<EntryType> = new Set([
  'session.batch',
  'session.keyed',
  'records.suppressed',
  'records.rejected',
  'records.missing',
  'messages.taken',
]);

/** Those that a timeline may tell of: among millions of batches they are few. */
export const told: ReadonlySet<EntryType> = new Set(
  (Object.keys(governs) as EntryType[]).filter((type) => !bulk.has(type)),
);

/** Entries in order, those that concern what is asked and those of every request that does. */
export class Timeline {
  readonly entries: TimelineEntry[] = [];
  private readonly requests = new Set<string>();
  private readonly releases = new Map<number, string | undefined>();

  constructor(private readonly asked: TimelineOf) {}

  /** `after`: the state with this entry folded in. */
  add(entry: Entry, after: AccessState): void {
    if (bulk.has(entry.type)) return;
    const { position, at, type, actor: by, subject } = entry;
    const request = this.requestOf(entry);
    const completes = entry.type === 'disclosure.completed' && this.releases.has(entry.data.disclosure);
    if (!completes && !this.concerns(entry) && !(request !== undefined && this.requests.has(request))) return;
    if (entry.type === 'request.made') this.requests.add(entry.data.request);
    if (entry.type === 'disclosure.made') this.releases.set(position, request);
    const from = linkOf(entry, after);
    this.entries.push({
      ...{ position, at, type, by },
      ...(subject === undefined ? {} : { subject }),
      ...(request === undefined ? {} : { request }),
      ...(from === undefined ? {} : { from }),
    });
  }

  private requestOf({ type, data }: Entry): string | undefined {
    if (type === 'disclosure.completed') return this.releases.get(data.disclosure);
    return 'request' in data ? textIn(data.request) : 'grant' in data ? textIn(data.grant) : undefined;
  }

  private concerns({ type, actor, subject, data }: Entry): boolean {
    const { asked } = this;
    if (asked.all) return type !== 'containment.probed';
    if (asked.person !== undefined) return actor === asked.person;
    if (asked.grant !== undefined) return [('grant' in data && data.grant) || '', ('request' in data && data.request) || ''].includes(asked.grant); // prettier-ignore
    const named = type === 'request.made' ? (Named.safeParse(data).data?.scope.sessions ?? []) : [];
    if (asked.subject !== undefined)
      return subject === asked.subject || named.some((one) => one.subject === asked.subject);
    return ('session' in data && data.session === asked.session) || named.some((one) => one.session === asked.session);
  }
}

/** A stolen service can have written anything: what cannot be read names nothing. */
const Named = z.object({
  scope: z.object({ sessions: z.array(z.object({ session: z.unknown(), subject: z.unknown() })) }),
});
const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function linkOf(entry: Entry, { requests, grants }: AccessState): number | undefined {
  switch (entry.type) {
    case 'request.approved':
    case 'request.rejected':
    case 'approval.refused':
      return requests.get(entry.data.request)?.position;
    case 'disclosure.made':
    case 'disclosure.refused':
    case 'grant.revoked':
      return grants.get(entry.data.grant)?.position;
    case 'disclosure.completed':
      return endSaid(entry)?.disclosure;
    default:
      return undefined;
  }
}

/** A flowchart of Mermaid: a node each, an arrow from what each follows from. Ids only, and quoted. */
export function mermaidOf(entries: readonly TimelineEntry[]): string {
  const shown = new Set(entries.map(({ position }) => position as number));
  const quoted = (text: string) => text.replaceAll(/[^A-Za-z0-9 ._:@-]/g, '_');
  const nodes = entries.map((one) => `  e${one.position}["${quoted(`${one.position} ${one.type} by ${one.by}`)}"]`);
  const arrows = entries.flatMap(({ position, from }) => (from !== undefined && shown.has(from) ? [`  e${from} --> e${position}`] : [])); // prettier-ignore
  return ['flowchart TD', ...nodes, ...arrows, ''].join('\n');
}
