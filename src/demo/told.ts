import pico from 'picocolors';
import { ClaimFailed } from './claim.js';

export interface StepTold {
  readonly step: string;
  readonly ok: boolean;
  readonly seen: string;
  readonly seconds: number;
}

/** Says each step as it happens, and remembers it. */
export interface Told {
  readonly steps: readonly StepTold[];
  readonly act: (title: string) => void;
  /** `play` returns its result and what was seen. @throws whatever it throws, after it was said. */
  readonly step: <T>(name: string, play: () => Promise<readonly [seen: string, result: T]>) => Promise<T>;
}

export function teller(say: (line: string) => void): Told {
  const steps: StepTold[] = [];
  return {
    steps,
    act: (title) => say(`\n${pico.bold(title)}`),
    step: async (step, play) => {
      const begun = performance.now();
      const tell = (ok: boolean, seen: string) => {
        steps.push({ step, ok, seen, seconds: Math.round(performance.now() - begun) / 1000 });
        say(`  ${ok ? pico.green('✓') : pico.red('✗')} ${step}`);
        say(pico.dim(`    ${seen}`));
      };
      try {
        const [seen, result] = await play();
        tell(true, seen);
        return result;
      } catch (error) {
        tell(false, error instanceof ClaimFailed ? error.message : causeOf(error));
        throw error;
      }
    },
  };
}

/** The kind of an unforeseen error, and its code: its message may quote what it read. */
function causeOf(error: unknown): string {
  const { name, code, cause } = error as { name?: string; code?: string; cause?: { code?: string } };
  return `unforeseen: ${[name, code, cause?.code].filter((part) => part !== undefined).join(' ')}`;
}
