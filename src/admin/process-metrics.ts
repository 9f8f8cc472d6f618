import { readdirSync } from 'node:fs';
import type { MetricSource } from './exposition.ts';

/**
 * What the package's default collectors would report of the process, for the few that help an operator, under
 * the same names. Its own set samples the event loop a hundred times a second and watches every garbage
 * collection, for as long as the process lives; these cost nothing between two scrapes.
 */
export function processMetrics(): MetricSource[] {
  const startedAt = Math.round(performance.timeOrigin / 1000);
  const gauge = (name: string, help: string, read: () => number | undefined): MetricSource => ({
    name,
    help,
    type: 'gauge',
    values: () => one(read()),
  });
  const counter = (name: string, help: string, read: () => number): MetricSource => ({
    name,
    help,
    type: 'counter',
    values: () => one(read()),
  });
  return [
    counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
    gauge(
      'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
      () => startedAt,
    ),
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', () => process.memoryUsage.rss()),
    gauge('process_open_fds', 'Number of open file descriptors.', openFileDescriptors),
    counter(
      'nodejs_eventloop_active_seconds_total',
      'Time the event loop was busy in seconds; its rate is the utilization.',
      () => performance.eventLoopUtilization().active / 1000,
    ),
    {
      name: 'nodejs_eventloop_lag_seconds',
      help: 'Lag of the event loop in seconds at the moment of the scrape.',
      type: 'gauge',
      async values() {
        const before = performance.now();
        const { promise, resolve } = Promise.withResolvers<void>();
        setImmediate(resolve);
        await promise;
        return one((performance.now() - before) / 1000);
      },
    },
  ];
}

function one(value: number | undefined): Array<{ labels: Record<string, string>; value: number }> {
  return value === undefined ? [] : [{ labels: {}, value }];
}

/** Undefined where there is no /proc. */
function openFileDescriptors(): number | undefined {
  try {
    // The descriptor that reads the folder is among them.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    // Not Linux: the family stays empty.
    return undefined;
  }
}
