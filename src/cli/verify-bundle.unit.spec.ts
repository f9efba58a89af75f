import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { commands } from './commands.js';
import { run } from './program.js';

/** A bundle that verifies, handed over by somebody, under a key that only it names. */
let folder: string;
let bundle: string;
let out: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custos-verify-'));
  bundle = join(folder, 'incident.zip');
  await copyFile(resolve('test/vectors/bundle.v1.zip'), bundle);
  out = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
});
afterEach(async () => {
  jest.restoreAllMocks();
  delete process.env['CUSTOS_TRUST_FILE'];
  await rm(folder, { recursive: true });
});
const verify = (...args: string[]) => run(['verify', bundle, '--json', ...args], commands);

describe('a bundle does not verify under the key that it names itself', () => {
  it('where a trust file was named that is not there', async () => {
    process.env['CUSTOS_TRUST_FILE'] = join(folder, 'trsut.json');
    expect(await verify()).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ code: 'trust_file_invalid' });
  });

  it('where the trust file is there and is none', async () => {
    const trust = join(folder, 'trust.json');
    await writeFile(trust, '');
    await chmod(trust, 0o000);
    process.env['CUSTOS_TRUST_FILE'] = trust;
    expect(await verify()).toBe(1);
  });
});

it('a bundle verifies under the key that it names itself where nobody has another, and says so', async () => {
  expect(await verify('--data', folder)).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ ok: true, keyFrom: 'bundle' });
});
