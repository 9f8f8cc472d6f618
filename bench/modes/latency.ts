import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import type { Bench, Mode } from '../bench.ts';
import { column } from '../bench.ts';
import { auditLine } from '../data.ts';
import type { Finding, Row } from '../report.ts';
import { quantile, ratios, summarise } from '../statistics.ts';
import { auditsink } from '../subjects/auditsink.ts';
import { bareClient } from '../subjects/bare-client.ts';
import { fluentBit } from '../subjects/fluent-bit.ts';
import type { Subject } from '../subjects/subject.ts';
import { syslogNg } from '../subjects/syslog-ng.ts';
import { pause } from '../pause.ts';

const warmUp = 50;
const idleAppends = 300;
const loadPerS = 2000;

interface Latency {
  idle: number[];
  load: number[];
}

/** From the write of a line to its POST at the receiver, on the system's monotonic clock. */
export const latency: Mode = {
  name: 'latency',
  about: 'from append to POST: idle, and under 2000 events/s',
  async run(bench: Bench) {
    const loaded = bench.events(10_000);
    const subjects = [
      bareClient(8, { follow: true }),
      auditsink('auditsink, template, signed', { template: true, signed: true }),
      ...syslogNg(8),
      ...fluentBit(bench.fluentBit, 1),
    ];
    const rows = await bench.interleave(
      subjects,
      (subject) => follow(bench, subject, loaded),
      ({ idle, load }) =>
        `idle p50 ${quantile(idle, 0.5).toFixed(2)} ms, p99 ${quantile(idle, 0.99).toFixed(2)} ms; ` +
        `loaded p99 ${quantile(load, 0.99).toFixed(2)} ms`,
    );
    return { table: tableOf(rows), findings: findingsOf(rows), notes: [] };
  },
};

const figures = [
  { name: 'idle p50', pick: ({ idle }: Latency) => quantile(idle, 0.5) },
  { name: 'idle p99', pick: ({ idle }: Latency) => quantile(idle, 0.99) },
  { name: 'idle max', pick: ({ idle }: Latency) => Math.max(...idle) },
  { name: `${loadPerS}/s p50`, pick: ({ load }: Latency) => quantile(load, 0.5) },
  { name: `${loadPerS}/s p99`, pick: ({ load }: Latency) => quantile(load, 0.99) },
  { name: `${loadPerS}/s max`, pick: ({ load }: Latency) => quantile(load, 1) },
];

function tableOf(rows: ReadonlyArray<Row<Latency>>): { head: string[]; rows: string[][] } {
  return {
    head: ['subject', ...figures.map(({ name }) => `${name} ms`)],
    rows: rows.map(({ name, results }) => [
      name,
      ...figures.map(({ pick }) => summarise(results.map(pick), 2)),
    ]),
  };
}

function findingsOf(rows: ReadonlyArray<Row<Latency>>): Finding[] {
  const [bare, ours, ...peers] = rows;
  const aims = new Map([
    ['idle p50', 2],
    ['idle p99', 15],
    [`${loadPerS}/s p99`, 50],
  ]);
  const findings: Finding[] = [];
  for (const { name, pick } of figures) {
    const aim = aims.get(name);
    if (aim === undefined) continue;
    findings.push({ name, unit: 'ms', values: column(ours, pick), aim: { is: 'at most', value: aim } });
    for (const other of [bare, ...peers]) {
      if (other === undefined) continue;
      const values = ratios(column(ours, pick), column(other, pick));
      findings.push({ name: `${name} of ${other.name}`, unit: '×', values });
    }
  }
  return findings;
}

/** One run: a few lines to warm up, single lines with pauses, then a steady stream. */
async function follow(bench: Bench, subject: Subject, loaded: number): Promise<Latency> {
  const dir = bench.path('run');
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const log = `${dir}/audit.log`;
  const total = 1 + warmUp + idleAppends + loaded;
  const fd = openSync(log, 'a');
  const written = new Float64Array(total);
  let next = 0;
  const append = (): void => {
    const line = Buffer.from(`${auditLine(next)}\n`);
    written[next] = Number(process.hrtime.bigint() / 1000n) / 1000;
    writeSync(fd, line);
    next += 1;
  };
  await bench.receiver.expect({ events: total, arrivals: true });
  const running = subject.start({ dir, log, port: bench.receiver.port });
  try {
    append();
    await bench.receiver.waitFor(1, () => running.alive);
    for (let i = 0; i < warmUp + idleAppends; i += 1) {
      // Not in step with anybody's timer.
      await pause(15 + Math.random() * 10);
      append();
    }
    await bench.receiver.waitFor(next, () => running.alive);
    const from = performance.now();
    for (let i = 0; i < loaded;) {
      const due = Math.min(loaded, ((performance.now() - from) / 1000) * loadPerS);
      for (; i < due; i += 1) append();
      await pause(1);
    }
    await bench.receiver.waitFor(total, () => running.alive);
    const arrived = await bench.receiver.arrivals();
    const took = arrived.map((at, n) => at - (written[n] as number));
    const idleFrom = 1 + warmUp;
    return { idle: took.slice(idleFrom, idleFrom + idleAppends), load: took.slice(idleFrom + idleAppends) };
  } catch (error) {
    throw new Error(`${subject.name}: ${String(error)}\n${running.stderr}`, { cause: error });
  } finally {
    closeSync(fd);
    await running.stop();
  }
}
