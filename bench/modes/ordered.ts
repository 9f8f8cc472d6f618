import { column } from '../bench.ts';
import type { Bench, Mode } from '../bench.ts';
import { deliveryTable } from '../report.ts';
import { ratios } from '../statistics.ts';
import { auditsink } from '../subjects/auditsink.ts';
import { bareClient } from '../subjects/bare-client.ts';
import { syslogNg } from '../subjects/syslog-ng.ts';

/** Strictly in order, which means one request at a time: bound by the round trip. */
export const ordered: Mode = {
  name: 'ordered',
  about: 'the same strictly in order, concurrency 1',
  async run(bench: Bench) {
    const options = { template: true, signed: true, concurrency: 1 };
    const subjects = [bareClient(1), auditsink('auditsink, template, signed', options), ...syslogNg(1)];
    const rows = await bench.deliver(subjects, bench.events(100_000));
    const [bare, ours] = rows;
    if (ours?.results.some(({ inOrder }) => !inOrder) === true)
      throw new Error('auditsink delivered out of order with concurrency 1');
    const rate = (row: typeof bare): number[] => column(row, ({ eventsPerS }) => eventsPerS);
    return {
      ...deliveryTable(rows),
      findings: [
        {
          name: 'events/s in order, of a bare client with one connection',
          unit: '×',
          guard: 'rate',
          values: ratios(rate(ours), rate(bare)),
          aim: { is: 'at least', value: 0.9 },
        },
        ...(rows[2] === undefined
          ? []
          : [{ name: 'of syslog-ng', unit: '×' as const, values: ratios(rate(ours), rate(rows[2])) }]),
      ],
    };
  },
};
