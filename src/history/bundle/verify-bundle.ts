import { parseTrust, type Trust } from '../../identity/trust.js';
import type { Finding } from '../../log/checks.js';
import type { Governance } from '../../log/governance.js';
import type { IncidentId } from '../../log/ids.js';
import { parseVerifierKey } from '../../merkle/note.js';
import { Problem } from '../../problem.js';
import { packArchive, unpackArchive } from './archive.js';
import { names, readMaterial, trustText, type Material, type MaterialCheck } from './material.js';
import { proveEntries, type EntriesCheck } from './prove-entries.js';
import { derived, renderBundle, type DerivedCheck, type Rendered } from './render.js';

export type BundleCheck =
  | MaterialCheck
  | EntriesCheck
  | DerivedCheck
  | 'archive_form'
  | 'trust_form'
  | 'trust_differs'
  | 'log_key_differs'
  | 'entries_insufficient'
  | 'file_unknown';

export interface BundleVerdict {
  readonly ok: boolean;
  readonly entries: number;
  readonly bodies: 0;
  readonly checkpoints: number;
  readonly problems: readonly { readonly position: number; readonly check: BundleCheck }[];
  /** Undefined where the archive cannot be read as far as that. */
  readonly about?: {
    readonly origin: string;
    readonly logKey: string;
    readonly incident: IncidentId;
    readonly size: number;
    readonly completeFrom: number;
  };
  /** What the log itself shows that should not be: told by the bundle, and not wrong with it. */
  readonly findings: readonly Finding[];
}

/** Of the reader, and from elsewhere than the bundle. Left out: what the bundle names is to be compared by eye. */
export interface ReaderTrusts {
  readonly trust?: Trust;
  /** Verifier key of the log. */
  readonly logKey?: string;
}

/**
 * Verifies a bundle from its bytes alone: the archive's form, the signatures, that the log has exactly these entries, and
 * every other file by making it again. Total: the bytes may be anything.
 */
export function verifyBundle(archive: Uint8Array, reader: ReaderTrusts, emptyState: EmptyState): BundleVerdict {
  const made = madeOf(archive, reader, emptyState);
  return made.kind === 'refused' ? made.verdict : verdictOn(made, differences(made.given, made.rendered));
}

/** Makes a bundle out of what it is made of, however little that may be believed: only what verifies becomes one. */
export function completeBundle(
  archive: Uint8Array,
  reader: ReaderTrusts,
  emptyState: EmptyState,
): { readonly verdict: BundleVerdict; readonly bundle?: Uint8Array } {
  const made = madeOf(archive, reader, emptyState);
  if (made.kind === 'refused') return { verdict: made.verdict };
  return { verdict: verdictOn(made, []), bundle: packArchive(made.rendered.files) };
}

type EmptyState = (trust: Trust) => Governance;

interface Made {
  readonly kind: 'made';
  readonly given: ReadonlyMap<string, Uint8Array>;
  readonly material: Material;
  readonly about: NonNullable<BundleVerdict['about']>;
  readonly rendered: Rendered;
}

function madeOf(
  archive: Uint8Array,
  reader: ReaderTrusts,
  emptyState: EmptyState,
): Made | { readonly kind: 'refused'; readonly verdict: BundleVerdict } {
  const files = unpackArchive(archive);
  if (files === undefined) return refused(0, 'archive_form');
  const given = new Map(files.map(({ name, bytes }) => [name, bytes]));
  const material = readMaterial(given);
  if (typeof material === 'string') return refused(0, material);
  const trust = trustIn(material);
  if (trust === undefined) return refused(0, 'trust_form');
  const about = aboutOf(material, trust);
  if (reader.logKey !== undefined && reader.logKey !== trust.log) return refused(0, 'log_key_differs', about);
  if (reader.trust !== undefined && trustText(reader.trust) !== material.trust)
    return refused(0, reader.trust.log === trust.log ? 'trust_differs' : 'log_key_differs', about);

  const { origin, log } = trust;
  const proven = proveEntries(material, { origin, verifiers: [parseVerifierKey(log)] });
  if (proven.kind === 'refused') return refused(proven.position, proven.check, about);
  const rendered = attempt(() => renderBundle(material, proven.entries, emptyState(trust)));
  if ('position' in rendered) return refused(rendered.position, 'entries_insufficient', about);
  return { kind: 'made', given, material, about, rendered };
}

const verdictOn = ({ material, about, rendered }: Made, problems: BundleVerdict['problems']): BundleVerdict => ({
  ok: problems.length === 0,
  entries: material.headers.length,
  bodies: 0,
  checkpoints: material.checkpoints.size,
  problems,
  about,
  findings: rendered.reports.incident.findings,
});

function differences(given: ReadonlyMap<string, Uint8Array>, { files }: Rendered) {
  const made = new Map(files.map(({ name, bytes }) => [name, bytes]));
  const isSame = (name: string) => {
    const [one, other] = [given.get(name), made.get(name)];
    return one !== undefined && other !== undefined && Buffer.compare(one, other) === 0;
  };
  // The manifest has a hash of every file: where another one differs, that it does too says nothing more.
  const other = Object.entries(derived).filter(([name]) => name !== names.manifest && !isSame(name));
  const wrong: BundleCheck[] = other.map(([name, check]) => (given.has(name) ? check : 'file_missing'));
  if ([...given.keys()].some((name) => !made.has(name))) wrong.push('file_unknown');
  if (wrong.length === 0 && !isSame(names.manifest)) wrong.push('manifest_differs');
  return [...new Set(wrong)].map((check) => ({ position: 0, check }));
}

/** Written in one way only: `parseTrust` would take others. */
function trustIn({ trust: given }: Material): Trust | undefined {
  try {
    const trust = parseTrust(given);
    return trustText(trust) === given ? trust : undefined;
  } catch {
    return undefined;
  }
}

/** Proven entries that no bundle is made of: of another incident, or without an entry that it speaks of. */
function attempt(render: () => Rendered): Rendered | { readonly position: number } {
  try {
    return render();
  } catch (error) {
    if (error instanceof Problem) return { position: error.members.position ?? 0 };
    throw error;
  }
}

const aboutOf = ({ incident, size, completeFrom }: Material, { origin, log: logKey }: Trust) => ({
  ...{ origin, logKey },
  ...{ incident, size, completeFrom },
});

const refused = (position: number, check: BundleCheck, about?: BundleVerdict['about']) => ({
  kind: 'refused' as const,
  verdict: {
    ok: false,
    entries: 0,
    bodies: 0 as const,
    checkpoints: 0,
    problems: [{ position, check }],
    ...(about === undefined ? {} : { about }),
    findings: [],
  },
});
