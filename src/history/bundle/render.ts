import { createHash } from 'node:crypto';
import { bytesAsHex, entryJson } from '../../log/entry-stream.js';
import type { Governance } from '../../log/governance.js';
import type { Entry } from '../../log/header.js';
import { parseTrust } from '../../identity/trust.js';
import { Problem } from '../../problem.js';
import type { About } from './about.js';
import type { BundleFile } from './archive.js';
import { bundleHtml } from './html.js';
import { bundleFormat, materialFiles, names, text, type Material } from './material.js';
import { bundleReadme } from './readme.js';
import { reportsOf, type Reports } from './reports.js';

/** What stands in a bundle beside what it is made of: each file has the check that tells when it is not what follows. */
export const derived = {
  'README.txt': 'readme_differs',
  'report.html': 'html_differs',
  'incident.json': 'incident_differs',
  'exposure.json': 'exposure_differs',
  'diff.json': 'diff_differs',
  'timeline.json': 'timeline_differs',
  'policies.json': 'policies_differ',
  'entries.ndjson': 'entries_text_differs',
  [names.manifest]: 'manifest_differs',
} as const;
export type DerivedCheck = (typeof derived)[keyof typeof derived];

export interface Rendered {
  readonly files: readonly BundleFile[];
  readonly reports: Reports;
}

/**
 * Every file of a bundle, out of entries that were proven: whoever makes one and whoever verifies one call this, and
 * compare. No time of day, no locale, no order but that of the log. @throws Problem those of `reportsOf`
 */
export function renderBundle(material: Material, entries: readonly Entry[], empty: Governance): Rendered {
  const reports = reportsOf(material.incident, entries, empty);
  const { headers, incident, size, completeFrom, trust } = material;
  // Between the first moment and there, releases and their ends could be missing without a trace.
  if (completeFrom > reports.exposure.from.position) throw new Problem('position_unknown', { position: completeFrom });
  const { origin, log: logKey } = parseTrust(trust);
  const trustHash = sha256(Buffer.from(trust));
  const about: About = { origin, logKey, trust: trustHash, incident, size, completeFrom, entries: headers.length };
  const json = (name: string, value: unknown) => text(name, `${JSON.stringify(value, bytesAsHex, 1)}\n`);
  const lines = entries.map(({ position }, index) => entryJson({ position, header: headers[index] as Uint8Array }));
  const files = [
    text('README.txt', bundleReadme(about, reports)),
    text('report.html', bundleHtml(about, reports)),
    json('incident.json', reports.incident),
    json('exposure.json', reports.exposure),
    json('diff.json', reports.diff),
    json('timeline.json', reports.timeline),
    json('policies.json', reports.policies),
    text('entries.ndjson', lines.map((line) => `${line}\n`).join('')),
    ...materialFiles(material),
  ];
  const hashes = files.map(({ name, bytes }) => ({ name, bytes: bytes.length, sha256: sha256(bytes) }));
  return { files: [json(names.manifest, { format: bundleFormat, ...about, files: hashes }), ...files], reports };
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
