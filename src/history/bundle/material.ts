import { z } from 'zod';
import type { Trust } from '../../identity/trust.js';
import { IncidentId } from '../../log/ids.js';
import { decodeEntryBundle, encodeEntryBundle } from '../../merkle/entry-bundle.js';
import { hashBytes } from '../../merkle/hash.js';
import type { PrunedSubtree } from '../../merkle/pruned-tree.js';
import { packArchive, type BundleFile } from './archive.js';
import { attempt } from './attempt.js';

/** What a bundle is made of. Everything else in it follows from this. */
export interface Material {
  readonly incident: IncidentId;
  /** Entries of the log that it is about, and of its last checkpoint. */
  readonly size: number;
  /** From here on it has every entry; below, those that govern and those that the incident speaks of. */
  readonly completeFrom: number;
  /** As they were hashed, in the order of their positions. */
  readonly headers: readonly Uint8Array[];
  readonly pruned: readonly PrunedSubtree[];
  /** Signed notes by size, ascending; the last one covers `size` entries. */
  readonly checkpoints: ReadonlyMap<number, string>;
  /** The trust file in force, as `trustText` writes it. */
  readonly trust: string;
}

/** Above, a bundle is neither made nor read: all of it is held in memory, several times over. */
export const mostBundleEntries = 200_000;
export const mostBundleBytes = 512 * 1024 * 1024;

export const names = {
  entries: 'log/entries',
  tree: 'log/tree',
  checkpoint: (size: number) => `log/checkpoints/${size}`,
  trust: 'trust.json',
  manifest: 'manifest.json',
} as const;
const checkpointName = /^log\/checkpoints\/(0|[1-9]\d{0,14})$/;

/** The files that hold it; the manifest has what stands in no other. */
export const materialFiles = ({ headers, pruned, checkpoints, trust }: Material): BundleFile[] => [
  { name: names.entries, bytes: encodeEntryBundle(headers, mostBundleEntries) },
  text(names.tree, pruned.map(({ level, index, hash }) => `${level} ${index} ${base64(hash)}\n`).join('')),
  ...[...checkpoints].map(([size, note]) => text(names.checkpoint(size), note)),
  text(names.trust, trust),
];

/** The same as an archive of its own: `readMaterial` reads it out of a bundle, too. */
export function materialArchive(material: Material): Uint8Array {
  const { incident, size, completeFrom } = material;
  const said = JSON.stringify({ format: bundleFormat, incident, size, completeFrom });
  return packArchive([text(names.manifest, said), ...materialFiles(material)]);
}

const Said = z.object({
  format: z.literal('custos.bundle/v1'),
  incident: IncidentId,
  size: z.int().min(1),
  completeFrom: z.int().min(0),
});
export const bundleFormat = Said.shape.format.value;

export type MaterialCheck = 'manifest_form' | 'entries_form' | 'tree_form' | 'checkpoint_form' | 'file_missing';

/** Reads the form alone: nothing of it is verified. */
export function readMaterial(files: ReadonlyMap<string, Uint8Array>): Material | MaterialCheck {
  const file = (name: string) => (files.has(name) ? utf8(files.get(name)) : undefined);
  const [manifest, tree, trust] = [file(names.manifest), file(names.tree), file(names.trust)];
  const bundle = files.get(names.entries);
  if (manifest === undefined || tree === undefined || trust === undefined || bundle === undefined)
    return 'file_missing';
  const said = Said.safeParse(attempt(() => JSON.parse(manifest) as unknown));
  if (!said.success) return 'manifest_form';
  const { incident, size, completeFrom } = said.data;
  const headers = attempt(() => decodeEntryBundle(bundle, mostBundleEntries));
  if (headers === undefined) return 'entries_form';
  const pruned = parseTree(tree);
  if (pruned === undefined) return 'tree_form';
  const checkpoints = new Map<number, string>();
  for (const name of files.keys()) {
    const [, decimal] = checkpointName.exec(name) ?? [];
    if (decimal !== undefined) checkpoints.set(Number(decimal), utf8(files.get(name)));
  }
  const sizes = [...checkpoints.keys()];
  const inOrder = sizes.every((one, index) => one > (sizes[index - 1] ?? 0));
  if (!inOrder || sizes.at(-1) !== size) return 'checkpoint_form';
  return { incident, size, completeFrom, headers, pruned, checkpoints, trust };
}

function parseTree(tree: string): PrunedSubtree[] | undefined {
  const lines = tree.split('\n');
  if (lines.pop() !== '') return undefined;
  const pruned: PrunedSubtree[] = [];
  for (const line of lines) {
    const [, level, index, encoded] = /^(\d{1,2}) (0|[1-9]\d{0,14}) ([A-Za-z0-9+/]{43}=)$/.exec(line) ?? [];
    const hash = Uint8Array.from(Buffer.from(encoded ?? '', 'base64'));
    if (hash.length !== hashBytes || base64(hash) !== encoded) return undefined;
    pruned.push({ level: Number(level), index: Number(index), hash });
  }
  return pruned;
}

/** One text for one trust file: people and sources in the order in which it names them. Public keys only. */
export function trustText({ origin, log, keyholder, keys, sources, quorum }: Trust): string {
  const people = [...keys].map(([keyId, { person, role, publicKey }]) => ({ person, role, keyId, publicKey: base64(publicKey) })); // prettier-ignore
  const listed = [...sources].map(([keyId, { person, publicKey }]) => ({
    person,
    keyId,
    publicKey: base64(publicKey),
  }));
  const file = { origin, log, keyholder: base64(keyholder), people, sources: listed, quorum };
  return `${JSON.stringify(file, null, 2)}\n`;
}

export const text = (name: string, content: string): BundleFile => ({ name, bytes: Buffer.from(content, 'utf8') });
const utf8 = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8');
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
