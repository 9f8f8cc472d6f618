import { best, column } from '../bench.ts';
import type { Bench, Mode } from '../bench.ts';
import { deliveryTable } from '../report.ts';
import type { Finding } from '../report.ts';
import { ratios } from '../statistics.ts';
import { auditsink } from '../subjects/auditsink.ts';
import { bareClient } from '../subjects/bare-client.ts';
import { fluentBit } from '../subjects/fluent-bit.ts';
import { syslogNg } from '../subjects/syslog-ng.ts';

/** One POST per event, in any order, from a log that is already there. */
export const backlog: Mode = {
  name: 'backlog',
  about: 'a backlog, one POST per event in any order (template, signature, journal)',
  async run(bench: Bench) {
    const rows = await bench.deliver(
      [
        bareClient(64),
        auditsink('auditsink, template, signed', { template: true, signed: true }),
        auditsink('auditsink, as it came', {}),
        ...syslogNg(8),
        ...syslogNg(16),
        ...fluentBit(bench.fluentBit, 1),
        ...fluentBit(bench.fluentBit, 2),
      ],
      bench.events(200_000),
    );
    const [bare, full, plain] = rows;
    const rate = (row: typeof bare): number[] => column(row, ({ eventsPerS }) => eventsPerS);
    const cpu = (row: typeof bare): number[] => column(row, ({ cpuUsPerEvent }) => cpuUsPerEvent);
    const peers = best(rows, ['syslog-ng', 'Fluent Bit'], ({ eventsPerS }) => eventsPerS);
    const findings: Finding[] = [
      {
        name: 'events/s, template and signature, of the bare client',
        unit: '×',
        guard: 'rate',
        values: ratios(rate(full), rate(bare)),
        aim: { is: 'at least', value: 0.6 },
      },
      {
        name: 'events/s, as it came, of the bare client',
        unit: '×',
        guard: 'rate',
        values: ratios(rate(plain), rate(bare)),
      },
      {
        name: 'CPU per event of the bare client’s',
        unit: '×',
        guard: 'cost',
        values: ratios(cpu(full), cpu(bare)),
      },
      { name: 'CPU per event', unit: 'µs', values: cpu(full), aim: { is: 'at most', value: 20 } },
      {
        name: 'peak memory',
        unit: 'MB',
        values: column(full, ({ peakMb }) => peakMb),
        aim: { is: 'at most', value: 200 },
      },
    ];
    if (peers.length > 0) {
      findings.unshift({
        name: 'events/s, template and signature, of the best peer',
        unit: '×',
        values: ratios(rate(full), peers),
        aim: { is: 'at least', value: 1.15 },
      });
    }
    return { ...deliveryTable(rows), findings };
  },
};
