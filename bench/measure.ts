import { rmSync } from 'node:fs';
import { machineCpuUs } from './process-usage.ts';
import type { Receiver, Sample } from './receiver.ts';
import type { Subject, Task } from './subjects/subject.ts';
import { pause } from './pause.ts';

export interface Measurement {
  /** Deliveries per second from the first request to the last. */
  eventsPerS: number;
  /** CPU time of the whole process from its first request on, per delivery. */
  cpuUsPerEvent: number;
  /** From its start to the first request. */
  startMs: number;
  startCpuMs: number;
  peakMb: number;
  repeats: number;
  inOrder: boolean;
  /** Of one core; near 1 the receiver is the bottleneck. */
  receiverCores: number;
  /** What else the machine did meanwhile, in cores. */
  foreignCores: number;
  meanDelayMs: number;
  samples: Sample[];
}

export interface MeasureOptions {
  batched?: boolean;
  /** Sinks: each event must arrive so often. */
  copies?: number;
  delayMs?: number;
  /** Kept from one run to the next; by default each run has a new folder. */
  keepDir?: boolean;
}

/** Outcomes are still written after the last answer: they belong to the cost. */
const settleMs = 200;

/** Runs one subject on a log of `events` lines; throws when one of them is missing at the receiver. */
export async function measure(
  subject: Subject,
  receiver: Receiver,
  task: Omit<Task, 'port'>,
  events: number,
  options: MeasureOptions = {},
): Promise<Measurement> {
  const { batched = false, copies = 1, delayMs = 0, keepDir = false } = options;
  if (!keepDir) rmSync(task.dir, { recursive: true, force: true });
  await receiver.expect({ events, batched, copies, delayMs });
  const ownBefore = process.cpuUsage();
  const machineBefore = machineCpuUs();
  const running = subject.start({ ...task, port: receiver.port });
  try {
    await receiver.watch(running.pid);
    const arrived = await receiver.waitFor(events, () => running.alive);
    await pause(settleMs);
    const stats = await receiver.stats();
    const usage = running.usage();
    const own = process.cpuUsage(ownBefore);
    const busyUs = machineCpuUs() - machineBefore;
    const wallMs = Number(process.hrtime.bigint() / 1000n) / 1000 - running.startedAt;
    const first = stats.samples[0] as Sample;
    const elapsedMs = arrived.lastAt - first.atMs;
    const deliveries = events * copies;
    return {
      eventsPerS: (deliveries / elapsedMs) * 1000,
      cpuUsPerEvent: (usage.cpuUs - first.cpuUs) / deliveries,
      startMs: first.atMs - running.startedAt,
      startCpuMs: first.cpuUs / 1000,
      peakMb: usage.peakMb,
      repeats: stats.events - deliveries,
      inOrder: stats.inOrder,
      receiverCores: arrived.cpuUs / 1000 / elapsedMs,
      foreignCores: Math.max(0, (busyUs - usage.cpuUs - stats.cpuUs - own.user - own.system) / 1000 / wallMs),
      meanDelayMs: stats.meanDelayMs,
      samples: stats.samples,
    };
  } catch (error) {
    throw new Error(`${subject.name}: ${String(error)}\n${running.stderr}`, { cause: error });
  } finally {
    await running.stop();
  }
}
