import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { column, showRate } from '../bench.ts';
import type { Bench, Mode } from '../bench.ts';
import { measure } from '../measure.ts';
import type { Measurement } from '../measure.ts';
import { deliveryTable } from '../report.ts';
import { median, ratios } from '../statistics.ts';
import { auditsink } from '../subjects/auditsink.ts';
import { fileSource, sinkConfig, writeConfig } from '../subjects/config.ts';
import { startDaemon } from '../subjects/program.ts';
import type { Subject } from '../subjects/subject.ts';

const options = { template: true, signed: true };

/** Whether size matters: a hundred times the backlog, and a journal that already holds ten times as much again. */
export const million: Mode = {
  name: 'million',
  about: 'a backlog of a million against one of 10 000, and a journal of ten million settled rows',
  async run(bench: Bench) {
    const large = bench.events(1_000_000);
    const small = Math.ceil(large / 100);
    const middle = Math.ceil(large / 5);
    const settled = large * 10;
    const full = bench.path('full');
    await makeJournal(bench, full, settled);
    const subjects = [
      { ...auditsink(`backlog of ${small}`, options), events: small, dir: bench.path('run') },
      { ...auditsink(`backlog of ${large}`, options), events: large, dir: bench.path('run') },
      { ...auditsink(`${middle}, new journal`, options), events: middle, dir: bench.path('run') },
      { ...onSettled(`${middle}, ${settled} settled rows before`), events: middle, dir: full },
    ];
    const rows = await bench.interleave(
      subjects,
      async (subject) => {
        const { dir, events } = subject;
        const task = { dir, log: await bench.log(events) };
        return measure(subject, bench.receiver, task, events, { keepDir: dir === full });
      },
      showRate,
    );
    const [few, many, fresh, old] = rows;
    const cpu = (row: typeof few): number[] => column(row, ({ cpuUsPerEvent }) => cpuUsPerEvent);
    const rate = (row: typeof few): number[] => column(row, ({ eventsPerS }) => eventsPerS);
    return {
      ...deliveryTable(rows),
      findings: [
        {
          name: `CPU per event, ${large} of ${small}`,
          unit: '×',
          values: ratios(cpu(many), cpu(few)),
          aim: { is: 'at most', value: 1.1 },
        },
        {
          name: `CPU per event, last tenth of second tenth of ${large}`,
          unit: '×',
          values: column(many, growth),
          aim: { is: 'at most', value: 1.1 },
        },
        {
          name: `peak memory with ${large}`,
          unit: 'MB',
          values: column(many, ({ peakMb }) => peakMb),
          aim: { is: 'at most', value: 150 },
        },
        {
          name: `resident memory at the end of that at a tenth of ${large}`,
          unit: '×',
          values: column(many, memoryGrowth),
        },
        {
          name: `events/s with ${settled} settled rows of a new journal’s`,
          unit: '×',
          values: ratios(rate(old), rate(fresh)),
          // "No slower", with room for what two runs differ by.
          aim: { is: 'at least', value: 0.95 },
        },
      ],
    };
  },
};

/** The small backlog is mostly warming up; this compares warm with warm. */
function growth({ samples }: Measurement): number {
  const used = (from: number): number => (samples[from + 1]?.cpuUs ?? 0) - (samples[from]?.cpuUs ?? 0);
  return used(9) / median([used(1), used(2)]);
}

function memoryGrowth({ samples }: Measurement): number {
  return (samples.at(-1)?.residentMb ?? Number.NaN) / (samples[1]?.residentMb ?? Number.NaN);
}

/** On the journal in the task's folder; a source of a new name reads the log anew. */
function onSettled(name: string): Subject {
  let runs = 0;
  return {
    name,
    start: ({ dir, log, port }) => {
      runs += 1;
      const sources = [fileSource(`flipt-${runs}`, log)];
      return startDaemon(writeConfig(dir, { sources, sinks: [sinkConfig('sink-0', port, options)] }));
    },
  };
}

/** Lets the daemon make a journal, then puts `count` delivered events into it. */
async function makeJournal(bench: Bench, dir: string, count: number): Promise<void> {
  bench.progress(`making a journal of ${count} settled events`);
  const sources = [fileSource('old', join(dir, 'none.log'))];
  const sinks = [sinkConfig('sink-0', bench.receiver.port, options)];
  const daemon = startDaemon(writeConfig(dir, { sources, sinks, level: 'info' }));
  await daemon.line('"ready"');
  await daemon.stop();
  const db = new DatabaseSync(join(dir, 'state/journal.db'));
  try {
    db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -262144');
    db.exec("INSERT OR IGNORE INTO origins (source, format) VALUES ('old', 'flipt')");
    const step = 200_000;
    for (let from = 1; from <= count; from += step) {
      const to = Math.min(count, from + step - 1);
      db.exec(`
        BEGIN;
        INSERT INTO events (seq, id, origin, accepted_at, text)
        WITH RECURSIVE n (seq) AS (SELECT ${from} UNION ALL SELECT seq + 1 FROM n WHERE seq < ${to})
        SELECT seq, printf('00000000-%012x-00000000', seq * 400), (SELECT ref FROM origins WHERE source = 'old'),
          ${Date.now()}, '{"version":"0.2","type":"flag","action":"created","metadata":{},"payload":null}' FROM n;
        INSERT INTO deliveries (sink, seq, state, attempts, first_attempt_at, updated_at, status, duration_ms)
        SELECT (SELECT ref FROM sinks WHERE name = 'sink-0'), seq, 2, 1, accepted_at, accepted_at, 200, 1.5
        FROM events WHERE seq BETWEEN ${from} AND ${to};
        COMMIT`);
    }
    db.exec(`UPDATE sinks SET cursor = ${count} WHERE name = 'sink-0'; PRAGMA wal_checkpoint(TRUNCATE)`);
  } finally {
    db.close();
  }
}
