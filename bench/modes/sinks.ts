import { column } from '../bench.ts';
import type { Bench, Mode } from '../bench.ts';
import { measure } from '../measure.ts';
import { showRate } from '../bench.ts';
import { deliveryTable } from '../report.ts';
import type { Finding } from '../report.ts';
import { ratios } from '../statistics.ts';
import { auditsink } from '../subjects/auditsink.ts';

/** Several sinks share what is done once per event, so that a delivery becomes cheaper rather than dearer. */
export const sinks: Mode = {
  name: 'sinks',
  about: '1, 5 and 20 sinks on one source: cost per delivery',
  async run(bench: Bench) {
    const deliveries = bench.events(200_000);
    const subjects = [1, 5, 20].map((copies) => ({
      copies,
      ...auditsink(`${copies} sink${copies === 1 ? '' : 's'}`, { template: true, signed: true }, copies),
    }));
    const rows = await bench.interleave(
      subjects,
      async (subject) => {
        const { copies } = subject;
        // The same number of deliveries, so that warming up weighs the same.
        const events = Math.ceil(deliveries / copies);
        const task = { dir: bench.path('run'), log: await bench.log(events) };
        return measure(subject, bench.receiver, task, events, { copies });
      },
      showRate,
    );
    const cpu = rows.map((row) => column(row, ({ cpuUsPerEvent }) => cpuUsPerEvent));
    const [one = []] = cpu;
    const findings = [1, 2].map((i): Finding => ({
      name: `CPU per delivery with ${subjects[i]?.name ?? ''}, of one sink`,
      unit: '×',
      guard: 'cost',
      values: ratios(cpu[i] ?? [], one),
      // "Does not rise", with room for what two runs differ by.
      aim: { is: 'at most', value: 1.05 },
    }));
    return { ...deliveryTable(rows), findings };
  },
};
