import { best, column } from '../bench.ts';
import type { Bench, Mode } from '../bench.ts';
import { deliveryTable } from '../report.ts';
import type { Finding } from '../report.ts';
import { ratios } from '../statistics.ts';
import { auditsink } from '../subjects/auditsink.ts';
import { bareClient } from '../subjects/bare-client.ts';
import { fluentBit } from '../subjects/fluent-bit.ts';
import { syslogNg } from '../subjects/syslog-ng.ts';

const batch = 100;

/** A hundred events in one request, as NDJSON; each line is still parsed and journaled. */
export const batched: Mode = {
  name: 'batched',
  about: '100 events per request, NDJSON, no template',
  async run(bench: Bench) {
    const rows = await bench.deliver(
      [
        bareClient(8, { batch }),
        auditsink('auditsink', { batch, concurrency: 8 }),
        ...syslogNg(1, { batch }),
        ...syslogNg(8, { batch }),
        ...fluentBit(bench.fluentBit, 1, { chunks: true }),
      ],
      bench.events(500_000),
      { batched: true },
    );
    const [bare, ours] = rows;
    const rate = (row: typeof bare): number[] => column(row, ({ eventsPerS }) => eventsPerS);
    const peers = best(rows, ['syslog-ng'], ({ eventsPerS }) => eventsPerS);
    const findings: Finding[] = [
      {
        name: 'events/s',
        unit: '/s',
        values: rate(ours),
        aim: { is: 'at least', value: 250_000 },
      },
      {
        name: 'events/s of the bare client',
        unit: '×',
        guard: 'rate',
        values: ratios(rate(ours), rate(bare)),
      },
    ];
    if (peers.length > 0) {
      findings.push({
        name: 'or events/s of the better syslog-ng',
        unit: '×',
        values: ratios(rate(ours), peers),
        aim: { is: 'at least', value: 0.9 },
      });
    }
    return { ...deliveryTable(rows), findings };
  },
};
