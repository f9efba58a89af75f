import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The incident that Custos is made for, small: every step of it holds, or its exit code says so. */
it('the rehearsal holds', () => {
  const program = join(process.cwd(), 'dist/rehearsal/main.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--quick', '--json'], { encoding: 'utf8' });
  const { ok, failed, steps, ...figures } = JSON.parse(stdout) as Record<string, unknown> & { steps: unknown[] };
  expect({ status, ok, failed, stderr }).toEqual({ status: 0, ok: true, failed: undefined, stderr: '' });
  expect(steps.length).toBeGreaterThan(18);
  expect(figures).toMatchObject({ people: 40, records: 400, couldBeRead: 30, wereRead: 10, recordsRead: 50 });
}, 400_000);

it('what it does not know how to play it does not play', () => {
  const program = join(process.cwd(), 'dist/rehearsal/main.js');
  expect(spawnSync(process.execPath, [program, '--slow'], { encoding: 'utf8' }).status).toBe(2);
});
