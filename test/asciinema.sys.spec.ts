import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordings } from '../src/capture/formats/all-recordings.spec.js';
import { asciicast } from '../src/capture/formats/asciicast.js';
import type { Parts } from '../src/capture/formats/format.js';
import { fieldNames, type FieldName } from '../src/log/fields.js';

/** Masked terminal recordings, read by asciinema's own parser (Python, 2.4: versions 1 and 2 of the format). */
const read = `
import sys
from asciinema import asciicast
for path in sys.argv[1:]:
    with asciicast.open_from_url(path) as recording:
        events = list(recording.events() if hasattr(recording, 'events') else recording.stdout_events())
        assert all(len(event) == 3 and event[0] >= 0 for event in events)
        print(len(events))
`;
const python = (...args: string[]) => spawnSync('python3', ['-c', ...args], { encoding: 'utf8' });
const isThere = python('from asciinema import asciicast').status === 0;
if (!isThere) process.stderr.write('skipped: asciinema for Python is not installed (pip install asciinema==2.4)\n');

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'custos-casts-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const casts = recordings.filter(({ format, file }) => format === 'asciicast' && !file.includes('.v3.'));
const each = isThere ? it.each(casts) : (_name: string, _test: unknown) => undefined;
if (!isThere) it.skip('stands for what asciinema would read', () => undefined);
each('$file, masked to each field alone, to none and to all', ({ bytes }: (typeof casts)[number]) => {
  const records = asciicast.cut(bytes(), 0);
  const parts = records.map(({ data }) => asciicast.decompose(data));
  const present = fieldNames.filter((field) => parts.some((one) => one[field] !== undefined));
  const cases: readonly (readonly FieldName[])[] = [[], ...present.map((field) => [field]), fieldNames];
  const paths = cases.map((granted, index) => {
    const masked = asciicast.mask(
      parts.map((one, sequence) => ({ sequence, time: sequence, parts: only(one, granted) })),
    );
    const path = join(folder, `${index}.cast`);
    writeFileSync(path, asciicast.assemble(masked));
    return path;
  });
  const { status, stdout, stderr } = python(read, ...paths);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const counts = stdout.trim().split('\n').map(Number);
  expect(counts).toHaveLength(cases.length);
  expect(counts.at(-1)).toBeGreaterThan(1);
});

const only = (parts: Parts, granted: readonly FieldName[]): Parts =>
  Object.fromEntries(Object.entries(parts).filter(([field]) => granted.includes(field as FieldName)));
