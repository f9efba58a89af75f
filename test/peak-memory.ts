import { readFileSync, writeFileSync } from 'node:fs';

/**
 * By how many kilobytes the memory of this process grows at the most while it works. On Linux the peak so far is forgotten
 * first (proc(5), `clear_refs`); elsewhere a process that had more before shows no growth.
 */
export function peakGrowthKb(work: () => unknown): number {
  const isLinux = process.platform === 'linux';
  if (isLinux) writeFileSync('/proc/self/clear_refs', '5');
  const peak = () => isLinux ? Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) : process.resourceUsage().maxRSS; // prettier-ignore
  const before = peak();
  work();
  return peak() - before;
}
