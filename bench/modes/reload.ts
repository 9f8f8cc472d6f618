import { rmSync } from 'node:fs';
import { column } from '../bench.ts';
import type { Bench, Mode } from '../bench.ts';
import { median, ratios, summarise } from '../statistics.ts';
import { fileSource, writeConfig } from '../subjects/config.ts';
import { projectFile, startDaemon } from '../subjects/program.ts';
import { pause } from '../pause.ts';

const reloads = 5;

interface Reloads {
  unchangedMs: number;
  oneMs: number;
  allMs: number;
}

/** From SIGHUP to the log line that says it is done. */
export const reload: Mode = {
  name: 'reload',
  about: 'a reload of 100 sinks: nothing, one or all of them changed',
  async run(bench: Bench) {
    const rows = await bench.interleave(
      [1, 100].map((sinks) => ({ name: `${sinks} sink${sinks === 1 ? '' : 's'}`, sinks })),
      ({ sinks }) => measureReloads(bench, sinks),
      ({ unchangedMs, oneMs, allMs }) =>
        `unchanged ${unchangedMs.toFixed(1)} ms, one ${oneMs.toFixed(1)} ms, all ${allMs.toFixed(1)} ms`,
    );
    const kinds = [
      { name: 'nothing changed', pick: ({ unchangedMs }: Reloads) => unchangedMs },
      { name: 'one sink changed', pick: ({ oneMs }: Reloads) => oneMs },
      { name: 'all sinks changed', pick: ({ allMs }: Reloads) => allMs },
    ];
    const [single, hundred] = rows;
    return {
      table: {
        head: ['config', ...kinds.map(({ name }) => `${name} ms`)],
        rows: rows.map(({ name, results }) => [
          name,
          ...kinds.map(({ pick }) => summarise(results.map(pick), 1)),
        ]),
      },
      findings: kinds.flatMap(({ name, pick }) => [
        {
          name: `100 sinks, ${name}`,
          unit: 'ms' as const,
          values: column(hundred, pick),
          aim: { is: 'at most' as const, value: 100 },
        },
        {
          name: `100 sinks, ${name}, of one sink`,
          unit: '×' as const,
          values: ratios(column(hundred, pick), column(single, pick)),
        },
      ]),
      notes: [`each the median of ${reloads} reloads`],
    };
  },
};

async function measureReloads(bench: Bench, sinks: number): Promise<Reloads> {
  const dir = bench.path('run');
  rmSync(dir, { recursive: true, force: true });
  const write = (changed: number, generation: number): string =>
    writeConfig(dir, {
      sources: [fileSource('flipt', bench.path('reload.log'))],
      sinks: Array.from({ length: sinks }, (_, i) => ({
        name: `sink-${i}`,
        url: `http://127.0.0.1:${bench.receiver.port}/${i}`,
        template: projectFile('templates/slack.hbs'),
        concurrency: i < changed ? 8 + generation : 8,
      })),
      level: 'info',
    });
  const daemon = startDaemon(write(0, 0));
  try {
    await daemon.line('"ready"');
    // What follows a start is done, and the signal handlers, which come after that line, are in place.
    await pause(500);
    let generation = 0;
    const timed = async (changed: number): Promise<number> => {
      const took: number[] = [];
      for (let i = 0; i < reloads; i += 1) {
        generation += 1;
        write(changed, generation);
        const from = performance.now();
        daemon.signal('SIGHUP');
        const line = await daemon.line('"config reload');
        took.push(performance.now() - from);
        if (!line.includes('"config reloaded"')) throw new Error(line);
      }
      return median(took);
    };
    // The first is colder than any that a long-lived daemon does.
    await timed(0);
    return { unchangedMs: await timed(0), oneMs: await timed(1), allMs: await timed(sinks) };
  } finally {
    await daemon.stop();
  }
}
