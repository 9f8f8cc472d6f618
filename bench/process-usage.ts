import { readFileSync } from 'node:fs';
import { pause } from './pause.ts';

/** Linux reports CPU time in ticks of a hundredth of a second. */
const usPerTick = 10_000;

export interface Usage {
  /** CPU time of the whole process so far, all its threads, in µs; in steps of 10 ms. */
  cpuUs: number;
  residentMb: number;
  /** Highest resident memory so far. */
  peakMb: number;
}

/** What a living process used so far, from Linux's /proc. */
export function readProcess(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name before the parenthesis may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
  return {
    cpuUs: (Number(fields[11]) + Number(fields[12])) * usPerTick,
    residentMb: megabytes('VmRSS'),
    peakMb: megabytes('VmHWM'),
  };
}

/** Cores that are busy while we do nothing: what other programs take from a measurement. */
export async function foreignCores(): Promise<number> {
  const before = machineCpuUs();
  const from = performance.now();
  await pause(500);
  return (machineCpuUs() - before) / 1000 / (performance.now() - from);
}

/** CPU time all processes of the machine used since it started, in µs. */
export function machineCpuUs(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  // user nice system idle iowait irq softirq steal
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) * usPerTick;
}
