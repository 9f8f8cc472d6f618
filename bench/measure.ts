import type { Receiver } from './receiver.ts';
import type { Subject, Task } from './subjects.ts';

export interface Measurement {
  eventsPerS: number;
  /** CPU time of the whole process per event, start included. */
  cpuUsPerEvent: number;
  peakMb: number;
  inOrder: boolean;
  repeats: number;
}

/** Runs one subject on one log; throws when an event is missing at the receiver. */
export async function measure(
  subject: Subject,
  receiver: Receiver,
  task: Task,
  count: number,
  options: { batched?: boolean; copies?: number } = {},
): Promise<Measurement> {
  const { batched = false, copies = 1 } = options;
  await receiver.reset(count, { batched });
  const subjectProcess = subject.start({ ...task, port: receiver.port });
  try {
    let stats = await receiver.waitFor(count);
    // With several sinks the last distinct event is not the last request.
    while (stats.events < count * copies) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      stats = await receiver.stats();
    }
    return {
      eventsPerS: (count * copies) / (stats.elapsedMs / 1000),
      cpuUsPerEvent: subjectProcess.cpuUs() / (count * copies),
      peakMb: subjectProcess.peakMb(),
      inOrder: stats.inOrder,
      repeats: stats.events - count * copies,
    };
  } catch (error) {
    throw new Error(`${subject.name}: ${String(error)}\n${subjectProcess.stderr}`, { cause: error });
  } finally {
    await subjectProcess.stop();
  }
}

/** Median with the range, for one figure of many rounds. */
export function summarise(values: readonly number[], digits = 0): string {
  const sorted = [...values].sort((a, b) => a - b);
  const show = (value: number | undefined): string => (value ?? Number.NaN).toFixed(digits);
  return `${show(median(values))} (${show(sorted[0])}–${show(sorted.at(-1))})`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
