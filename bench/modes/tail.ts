import { rmSync } from 'node:fs';
import { adminOf, metric } from '../admin.ts';
import { column } from '../bench.ts';
import type { Bench, Mode } from '../bench.ts';
import { summarise, ratios } from '../statistics.ts';
import { disabledSink, fileSource, writeConfig } from '../subjects/config.ts';
import { startDaemon, startHelper } from '../subjects/program.ts';
import { pause } from '../pause.ts';

interface Reading {
  linesPerS: number;
  cpuUsPerLine: number;
  peakMb: number;
}

/** Reading and journaling alone: a daemon whose only sink is disabled, beside a bare loop that only parses. */
export const tail: Mode = {
  name: 'tail',
  about: 'reading and journaling alone, without sinks',
  async run(bench: Bench) {
    const lines = bench.events(1_000_000);
    const log = await bench.log(lines);
    const rows = await bench.interleave(
      [
        { name: 'bare reader: split and parse', read: () => readBare(log, lines) },
        { name: 'auditsink: split, parse, journal', read: () => readDaemon(bench, log, lines) },
      ],
      ({ read }) => read(),
      ({ linesPerS }) => `${Math.round(linesPerS)} lines/s`,
    );
    const [bare, ours] = rows;
    const rate = (row: typeof bare): number[] => column(row, ({ linesPerS }) => linesPerS);
    return {
      table: {
        head: ['subject', 'lines/s', 'µs CPU/line', 'peak MB'],
        rows: rows.map(({ name, results }) => [
          name,
          summarise(results.map(({ linesPerS }) => linesPerS)),
          summarise(
            results.map(({ cpuUsPerLine }) => cpuUsPerLine),
            2,
          ),
          summarise(results.map(({ peakMb }) => peakMb)),
        ]),
      },
      findings: [
        { name: 'lines/s', unit: '/s', values: rate(ours), aim: { is: 'at least', value: 200_000 } },
        {
          name: 'lines/s of the bare reader',
          unit: '×',
          guard: 'rate',
          values: ratios(rate(ours), rate(bare)),
        },
      ],
      notes: [],
    };
  },
};

async function readBare(log: string, lines: number): Promise<Reading> {
  const reader = startHelper('bare-reader.ts', [log]);
  try {
    const said = JSON.parse(await reader.line('elapsedMs')) as {
      elapsedMs: number;
      cpuUs: number;
      lines: number;
    };
    if (said.lines !== lines) throw new Error(`the bare reader saw ${said.lines} of ${lines} lines`);
    const { peakMb } = reader.usage();
    return { linesPerS: (lines / said.elapsedMs) * 1000, cpuUsPerLine: said.cpuUs / lines, peakMb };
  } finally {
    await reader.stop();
  }
}

async function readDaemon(bench: Bench, log: string, lines: number): Promise<Reading> {
  const dir = bench.path('run');
  rmSync(dir, { recursive: true, force: true });
  const sources = [fileSource('flipt', log)];
  const config = writeConfig(dir, { sources, sinks: [disabledSink], admin: '127.0.0.1:0', level: 'info' });
  const daemon = startDaemon(config);
  try {
    const admin = await adminOf(daemon);
    const look = async (): Promise<{ read: number; at: number; cpuUs: number }> => {
      const read = await metric(admin, 'auditsink_events_read_total');
      return { read, at: performance.now(), cpuUs: daemon.usage().cpuUs };
    };
    const first = await look();
    let last = first;
    // Seldom, since each look costs the daemon a scrape; what it read after the last one before its end is left out.
    for (let next = first; next.read < lines; next = await look()) {
      last = next;
      if (last.at - first.at > 120_000) throw new Error(`only ${last.read} of ${lines} lines were read`);
      await pause(Math.max(10, lines / 10_000));
    }
    if (last === first) throw new Error('it was over at the first look: take more lines');
    const count = last.read - first.read;
    return {
      linesPerS: (count / (last.at - first.at)) * 1000,
      cpuUsPerLine: (last.cpuUs - first.cpuUs) / count,
      peakMb: daemon.usage().peakMb,
    };
  } finally {
    await daemon.stop();
  }
}
