import { rmSync, writeFileSync } from 'node:fs';
import { column } from '../bench.ts';
import type { Bench, Mode } from '../bench.ts';
import { MeasuredProcess } from '../measured-process.ts';
import { auditLine } from '../data.ts';
import type { Finding } from '../report.ts';
import { median, ratios, summarise } from '../statistics.ts';
import { fileSource, sinkConfig, writeConfig } from '../subjects/config.ts';
import { programs, startDaemon } from '../subjects/program.ts';
import { pause } from '../pause.ts';

const starts = 5;
const idleMs = 10_000;

interface Idle {
  readyMs: number;
  residentMb: number;
  cpuPercent: number;
}

/** A daemon with one source, one sink and the admin endpoint, that has nothing to do. */
export const idle: Mode = {
  name: 'idle',
  about: 'an idle daemon: memory, CPU, start to ready; of every form that is built',
  async run(bench: Bench) {
    const bare = {
      name: 'bare node',
      start: () =>
        new MeasuredProcess(process.execPath, [
          '-e',
          'console.log("\\"ready\\""); setInterval(() => {}, 60000)',
        ]),
    };
    const forms = programs().map((program) => ({
      name: program.name,
      start: () => startDaemon(prepare(bench), program),
    }));
    const subjects = [bare, ...forms];
    // What a first start leaves behind, such as a compile cache, belongs to no figure.
    for (const { start } of subjects) await once(start);
    const rows = await bench.interleave(
      subjects,
      ({ start }) => watch(start),
      ({ readyMs, residentMb, cpuPercent }) =>
        `ready ${readyMs.toFixed(0)} ms, ${residentMb.toFixed(0)} MB, ${cpuPercent.toFixed(2)} % of a core`,
    );
    const ready = rows.map((row) => column(row, ({ readyMs }) => readyMs));
    const findings = rows.slice(1).flatMap((row, i): Finding[] => {
      const readyMs = ready[i + 1] ?? [];
      const residentMb = column(row, (one) => one.residentMb);
      const cpuPercent = column(row, (one) => one.cpuPercent);
      // Stripping types costs time and memory that no installation pays.
      const atMost = (value: number): Pick<Finding, 'aim'> =>
        row.name.endsWith('.ts') ? {} : { aim: { is: 'at most', value } };
      return [
        { name: `${row.name}: start to ready`, unit: 'ms', values: readyMs, ...atMost(150) },
        { name: `${row.name}: of bare node`, unit: '×', values: ratios(readyMs, ready[0] ?? []) },
        { name: `${row.name}: resident`, unit: 'MB', values: residentMb, ...atMost(80) },
        { name: `${row.name}: CPU of a core`, unit: '%', values: cpuPercent, ...atMost(0.5) },
      ];
    });
    return {
      table: {
        head: ['subject', 'ready ms', 'resident MB', '% of a core'],
        rows: rows.map(({ name, results }) => [
          name,
          summarise(results.map(({ readyMs }) => readyMs)),
          summarise(
            results.map(({ residentMb }) => residentMb),
            1,
          ),
          summarise(
            results.map(({ cpuPercent }) => cpuPercent),
            2,
          ),
        ]),
      },
      findings,
      notes: [`ready is the median of ${starts} starts in each round; idle for ${idleMs / 1000} s`],
    };
  },
};

function prepare(bench: Bench): string {
  const dir = bench.path('run');
  rmSync(dir, { recursive: true, force: true });
  const log = bench.path('idle.log');
  writeFileSync(log, `${auditLine(0)}\n`);
  const sinks = [sinkConfig('sink-0', bench.receiver.port, { template: true, signed: true })];
  return writeConfig(dir, {
    sources: [fileSource('flipt', log)],
    sinks,
    admin: '127.0.0.1:0',
    level: 'info',
  });
}

async function once(start: () => MeasuredProcess): Promise<number> {
  const running = start();
  try {
    await running.line('"ready"');
    return Number(process.hrtime.bigint() / 1000n) / 1000 - running.startedAt;
  } finally {
    await running.stop();
  }
}

async function watch(start: () => MeasuredProcess): Promise<Idle> {
  const ready: number[] = [];
  for (let i = 0; i < starts; i += 1) ready.push(await once(start));
  const running = start();
  try {
    await running.line('"ready"');
    // Its first event is delivered and what it needed is let go.
    await pause(2000);
    const before = running.usage();
    await pause(idleMs);
    const { cpuUs, residentMb } = running.usage();
    return { readyMs: median(ready), residentMb, cpuPercent: (cpuUs - before.cpuUs) / 10 / idleMs };
  } finally {
    await running.stop();
  }
}
