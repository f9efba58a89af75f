import { readFile, writeFile } from 'node:fs/promises';

/** Megabytes that a process holds now, and the most since it began or since `forgetPeak` (Linux). */
export async function memoryOf(pid: number): Promise<{ readonly now: number; readonly peak: number } | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const megabytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024; // prettier-ignore
  const [now, peak] = [megabytes('VmRSS'), megabytes('VmHWM')];
  return Number.isNaN(peak) ? undefined : { now, peak };
}

/** proc(5), clear_refs: 5 sets the peak to what is held now. */
export const forgetPeak = (pid: number): Promise<void> => writeFile(`/proc/${pid}/clear_refs`, '5');

/** The most that a process ever held, watched until it ends. */
export async function peakUntil(pid: number, ended: Promise<unknown>): Promise<number> {
  let [peak, goesOn] = [0, true];
  void ended.then(() => (goesOn = false));
  while (goesOn) {
    peak = (await memoryOf(pid))?.peak ?? peak;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return peak;
}
