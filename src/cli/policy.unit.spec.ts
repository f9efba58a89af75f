import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtInPolicy } from '../access/built-in-policy.js';
import { policyWith } from '../access/given-policy.spec.js';
import { commands } from './commands.js';
import { run } from './program.js';

let out: string;
let folder: string;
beforeEach(async () => {
  out = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  folder = await mkdtemp(join(tmpdir(), 'custos-policy-'));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true });
});

async function check(text: string) {
  const file = join(folder, 'policy.json');
  await writeFile(file, text);
  const code = await run(['policy', 'check', file, '--json'], commands);
  return { code, ...(JSON.parse(out) as Record<string, unknown>) };
}

describe('policy check, without a service,', () => {
  it('refuses what is below a floor, by its name', async () => {
    const low = policyWith(({ classes, fields }) => {
      classes.basic.quorum = 1;
      fields.other = 'basic';
    });
    const floors = ['quorum_too_small', 'strict_field_lowered'];
    expect(await check(JSON.stringify(low))).toMatchObject({ code: 1, ok: false, issues: [], floors });
  });
  it('refuses what is no policy, by the place, and repeats nothing of it', async () => {
    const wild = { ...builtInPolicy, fields: { 'all-of-it': 'basic' } };
    const answer = await check(JSON.stringify(wild));
    expect(answer).toMatchObject({ code: 1, ok: false, policyHash: null });
    expect(answer).toMatchObject({ issues: [{ path: 'fields', rule: expect.any(String) }] });
    expect(out).not.toContain('all-of-it');
  });
  it('refuses what is no JSON', async () =>
    expect(await check('{"version": 1,')).toMatchObject({ code: 1, ok: false, issues: [{ path: 'document' }] }));
  it('is used wrongly without a file', async () => {
    expect(await run(['policy', 'check', join(folder, 'none.json'), '--json'], commands)).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ code: 'usage' });
  });
  it('takes the built-in policy, and the example of the manual', async () => {
    expect(await check(JSON.stringify(builtInPolicy))).toMatchObject({ code: 0, ok: true, issues: [], floors: [] });
    out = '';
    const manual = await readFile(join(process.cwd(), 'docs/operating/policy.md'), 'utf8');
    const [, example = ''] = /```json\n(.*?)```/s.exec(manual) ?? [];
    expect(await check(example)).toMatchObject({ code: 0, ok: true });
    expect(JSON.parse(example)).not.toEqual(builtInPolicy);
  });
});
