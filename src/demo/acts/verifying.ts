import { claimSame } from '../claim.js';
import type { Custos } from '../custos.js';
import type { Stage } from '../stage.js';

export interface Verified {
  readonly ok: boolean;
  readonly entries: number;
  readonly bodies: number;
  readonly checkpoints: number;
  readonly problems: readonly { readonly position: number; readonly check: string }[];
}

export const verifyGreen = ({ step, custos }: Stage, name: string): Promise<Verified> =>
  step(name, async () => {
    const verified = await claimGreen(custos);
    const { entries, bodies, checkpoints } = verified;
    return [`${entries} entries, ${bodies} sealed columns, ${checkpoints} signed checkpoints`, verified];
  });

export async function claimGreen(custos: Custos): Promise<Verified> {
  const verified = await custos.done<Verified>(undefined, 'verify');
  claimSame([verified.ok, verified.problems], [true, []], 'verdict');
  return verified;
}

/** The log must not verify, for exactly this reason at exactly these positions. */
export async function claimNamed(custos: Custos, check: string, ...positions: number[]): Promise<void> {
  const { exitCode, stdout } = await custos.run(undefined, 'verify');
  const { problems } = JSON.parse(stdout) as Pick<Verified, 'problems'>;
  claimSame(exitCode, 1, 'exit code of custos verify');
  claimSame(
    problems.map((problem) => [problem.position, problem.check]),
    positions.map((position) => [position, check]),
    'problems named',
  );
}
