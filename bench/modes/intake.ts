import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { rmSync } from 'node:fs';
import { adminOf, metric } from '../admin.ts';
import { column } from '../bench.ts';
import type { Bench, Mode } from '../bench.ts';
import type { MeasuredProcess } from '../measured-process.ts';
import { quantile, ratios, summarise } from '../statistics.ts';
import { disabledSink, writeConfig } from '../subjects/config.ts';
import { startDaemon, startHelper } from '../subjects/program.ts';

const connections = 64;
const pacedPerS = 2000;
const secret = 'a-secret-of-some-length';

interface Accepted {
  eventsPerS: number;
  cpuUsPerEvent: number;
  clientCores: number;
  p50: number;
  p99: number;
}

interface Server {
  running: MeasuredProcess;
  port: number;
  /** Throws when it does not hold so many events. */
  check: (events: number) => Promise<void>;
}

/** Signed events into an http source, each on the disk before it is answered. */
export const intake: Mode = {
  name: 'intake',
  about: 'signed events into an http source, on the disk before the answer',
  async run(bench: Bench) {
    const events = bench.events(100_000);
    const rows = await bench.interleave(
      [
        { name: 'bare node:http', start: startBare },
        { name: 'auditsink, signed, on disk', start: () => startSource(bench) },
      ],
      ({ start }) => post(start, events),
      ({ eventsPerS, p99 }) =>
        `${Math.round(eventsPerS)} events/s, p99 at ${pacedPerS}/s ${p99.toFixed(2)} ms`,
    );
    const [bare, ours] = rows;
    const rate = (row: typeof bare): number[] => column(row, ({ eventsPerS }) => eventsPerS);
    const show = (row: typeof bare, pick: (one: Accepted) => number, digits: number): string =>
      summarise(column(row, pick), digits);
    return {
      table: {
        head: [
          'subject',
          'events/s',
          'µs CPU/event',
          'client cores',
          `${pacedPerS}/s p50 ms`,
          `${pacedPerS}/s p99 ms`,
        ],
        rows: rows.map((row) => [
          row.name,
          show(row, ({ eventsPerS }) => eventsPerS, 0),
          show(row, ({ cpuUsPerEvent }) => cpuUsPerEvent, 1),
          show(row, ({ clientCores }) => clientCores, 2),
          show(row, ({ p50 }) => p50, 2),
          show(row, ({ p99 }) => p99, 2),
        ]),
      },
      findings: [
        { name: 'events/s', unit: '/s', values: rate(ours), aim: { is: 'at least', value: 15_000 } },
        {
          name: 'events/s of a bare node:http',
          unit: '×',
          guard: 'rate',
          values: ratios(rate(ours), rate(bare)),
        },
        {
          name: `p99 at ${pacedPerS}/s`,
          unit: 'ms',
          values: column(ours, ({ p99 }) => p99),
          aim: { is: 'at most', value: 50 },
        },
        {
          name: `p99 at ${pacedPerS}/s of a bare node:http`,
          unit: '×',
          values: ratios(
            column(ours, ({ p99 }) => p99),
            column(bare, ({ p99 }) => p99),
          ),
        },
      ],
      notes: [],
    };
  },
};

/** First as fast as it goes, then at a steady rate. */
async function post(start: () => Promise<Server>, events: number): Promise<Accepted> {
  const server = await start();
  const { running, port, check } = server;
  try {
    const before = running.usage().cpuUs;
    const fast = await runClient(port, 0, events, 0);
    const cpuUs = running.usage().cpuUs - before;
    await check(events);
    const paced = Math.min(events, pacedPerS * 5);
    const { latencies } = await runClient(port, events, paced, pacedPerS);
    await check(events + paced);
    return {
      eventsPerS: (events / fast.elapsedMs) * 1000,
      cpuUsPerEvent: cpuUs / events,
      clientCores: fast.cpuUs / 1000 / fast.elapsedMs,
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
    };
  } finally {
    await running.stop();
  }
}

interface Posted {
  elapsedMs: number;
  refused: number;
  cpuUs: number;
  latencies: number[];
}

async function runClient(port: number, first: number, count: number, perS: number): Promise<Posted> {
  const client = startHelper('intake-client.ts', [secret, port, first, count, connections, perS]);
  try {
    const posted = JSON.parse(await client.line('elapsedMs')) as Posted;
    if (posted.refused > 0) throw new Error(`${posted.refused} of ${count} requests were not answered 202`);
    return posted;
  } finally {
    await client.stop();
  }
}

async function startBare(): Promise<Server> {
  const running = startHelper('bare-intake.ts');
  const { port } = JSON.parse(await running.line('port')) as { port: number };
  return { running, port, check: () => Promise.resolve() };
}

async function startSource(bench: Bench): Promise<Server> {
  const dir = bench.path('run');
  rmSync(dir, { recursive: true, force: true });
  const port = await freePort();
  const verify = { signature: 'flipt', secret };
  const sources = [{ name: 'hooks', type: 'http', listen: `127.0.0.1:${port}`, format: 'flipt', verify }];
  const config = writeConfig(dir, { sources, sinks: [disabledSink], admin: '127.0.0.1:0', level: 'info' });
  const running = startDaemon(config);
  const admin = await adminOf(running);
  return {
    running,
    port,
    async check(events) {
      const read = await metric(admin, 'auditsink_events_read_total');
      if (read !== events) throw new Error(`the source accepted ${read} of ${events} events`);
    },
  };
}

/** The port is in the config, so it must be known before. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
