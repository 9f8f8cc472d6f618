import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeLog } from './data.ts';
import { measure, median, summarise } from './measure.ts';
import type { Measurement } from './measure.ts';
import { Receiver } from './receiver.ts';
import { auditsink, bareClient } from './subjects.ts';
import type { Subject } from './subjects.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '3' },
  },
  allowPositionals: true,
});

const count = Number(values.events);
const rounds = Number(values.rounds);
const dir = mkdtempSync(join(tmpdir(), 'auditsink-bench-'));
const log = join(dir, 'audit.log');
const receiver = await Receiver.start();
try {
  await writeLog(log, count);
  const ceiling = bareClient(64);
  const subjects: Subject[] = [
    ceiling,
    auditsink('auditsink, template, signed', { template: true, signed: true }),
    auditsink('auditsink, as it came', {}),
  ];
  const results = new Map<Subject, Measurement[]>(subjects.map((subject) => [subject, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const subject of subjects) {
      const measured = await measure(subject, receiver, { dir, log, port: 0 }, count);
      results.get(subject)?.push(measured);
      process.stderr.write(`round ${round} ${subject.name}: ${Math.round(measured.eventsPerS)} events/s\n`);
    }
  }
  process.stdout.write(`${count} events, ${rounds} rounds, interleaved: median (min–max)\n`);
  const base = results.get(ceiling) ?? [];
  for (const [subject, measured] of results) {
    const ratios = measured.map((one, i) => one.eventsPerS / (base[i]?.eventsPerS ?? Number.NaN));
    process.stdout.write(
      `${subject.name}: ${summarise(measured.map((one) => one.eventsPerS))} events/s, ` +
        `${summarise(
          measured.map((one) => one.cpuUsPerEvent),
          1,
        )} µs CPU/event, ` +
        `${summarise(measured.map((one) => one.peakMb))} MB peak, ` +
        `${median(ratios).toFixed(2)} of the bare client\n`,
    );
  }
} finally {
  receiver.stop();
  rmSync(dir, { recursive: true, force: true });
}
