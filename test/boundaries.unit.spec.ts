import { spawnSync } from 'node:child_process';

const check = (folder: string) =>
  spawnSync(process.execPath, ['scripts/check-boundaries.mjs', folder], { encoding: 'utf8' });

describe('the check of imports', () => {
  it('fails when it reads no module', () => {
    const { status, stderr } = check('docs');
    expect({ status, says: /only 0 modules were read/.test(stderr) }).toEqual({ status: 1, says: true });
  });

  it('passes on what is there', () => {
    const { status, stdout } = check('src');
    expect({ status, read: Number(/(\d+) modules/.exec(stdout)?.[1]) > 100 }).toEqual({ status: 0, read: true });
  });
});
