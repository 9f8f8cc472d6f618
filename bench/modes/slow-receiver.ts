import { column } from '../bench.ts';
import type { Bench, Mode } from '../bench.ts';
import type { Measurement } from '../measure.ts';
import type { Finding, Row } from '../report.ts';
import { deliveryTable } from '../report.ts';
import { auditsink } from '../subjects/auditsink.ts';
import { bareClient } from '../subjects/bare-client.ts';
import { ratios } from '../statistics.ts';

const delayMs = 10;

/** A receiver that takes 10 ms for each answer: what is measured is whether every connection is kept busy. */
export const slowReceiver: Mode = {
  name: 'slow-receiver',
  about: 'a receiver that takes 10 ms, concurrency 16, 64 and 256',
  async run(bench: Bench) {
    const rows: Array<Row<Measurement>> = [];
    const findings: Finding[] = [];
    for (const concurrency of [16, 64, 256]) {
      // The same time for each.
      const events = Math.ceil((bench.events(30_000) * concurrency) / 64);
      const options = { template: true, signed: true, concurrency };
      const subjects = [bareClient(concurrency), auditsink(`auditsink × ${concurrency}`, options)];
      const [bare, ours] = await bench.deliver(subjects, events, { delayMs });
      if (bare === undefined || ours === undefined) throw new Error('nothing was measured');
      rows.push(bare, ours);
      const possible = (concurrency / delayMs) * 1000;
      findings.push(
        {
          name: `steady events/s of ${concurrency} / 10 ms`,
          unit: '×',
          guard: 'rate',
          values: column(ours, (one) => steadyRate(one, events) / possible),
          aim: { is: 'at least', value: 0.95 },
        },
        {
          name: `the same of a bare client × ${concurrency}`,
          unit: '×',
          values: ratios(
            column(ours, (one) => steadyRate(one, events)),
            column(bare, (one) => steadyRate(one, events)),
          ),
        },
      );
    }
    const delays = rows.flatMap(({ results }) => results.map((one) => one.meanDelayMs));
    const { table, notes } = deliveryTable(rows);
    const real = `answers really waited ${Math.min(...delays).toFixed(2)} to ${Math.max(...delays).toFixed(2)} ms in the mean`;
    return { table, findings, notes: [...notes, real] };
  },
};

/** From the second tenth on, so that neither the first requests nor the warming up count. */
function steadyRate({ samples }: Measurement, events: number): number {
  const from = samples.find(({ complete }) => complete >= events * 0.2);
  const to = samples.at(-1);
  if (from === undefined || to === undefined) return Number.NaN;
  return ((to.complete - from.complete) / (to.atMs - from.atMs)) * 1000;
}
