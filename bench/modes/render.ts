import { column } from '../bench.ts';
import type { Bench, Mode } from '../bench.ts';
import { ratios, summarise } from '../statistics.ts';
import { startHelper } from '../subjects/program.ts';

interface Rendering {
  /** What one line costs to parse and to write again, as a measure of the machine. */
  jsonUs: number;
  renderUs: number;
  /** With `previous` and `changes`. */
  changedUs: number;
}

/** templates/slack.hbs, as a sink renders it. */
export const render: Mode = {
  name: 'render',
  about: 'templates/slack.hbs: µs of CPU for one message',
  async run(bench: Bench) {
    const times = bench.events(200_000);
    const [row] = await bench.interleave(
      [{ name: 'templates/slack.hbs' }],
      async () => {
        const running = startHelper('render.ts', [times]);
        try {
          return JSON.parse(await running.line('renderUs')) as Rendering;
        } finally {
          await running.stop();
        }
      },
      ({ renderUs }) => `${renderUs.toFixed(2)} µs`,
    );
    const figures = [
      { name: 'JSON.parse and JSON.stringify of the line', values: column(row, ({ jsonUs }) => jsonUs) },
      { name: 'one message', values: column(row, ({ renderUs }) => renderUs) },
      { name: 'one message with a list of changes', values: column(row, ({ changedUs }) => changedUs) },
    ];
    const [json, plain, changed] = figures;
    return {
      table: {
        head: ['templates/slack.hbs', 'µs'],
        rows: figures.map(({ name, values }) => [name, summarise(values, 2)]),
      },
      findings: [
        { name: 'one message', unit: 'µs', values: plain?.values ?? [], aim: { is: 'at most', value: 10 } },
        {
          name: 'one message, of parsing and writing its JSON',
          unit: '×',
          guard: 'cost',
          values: ratios(plain?.values ?? [], json?.values ?? []),
        },
        {
          name: 'with changes, of parsing and writing its JSON',
          unit: '×',
          guard: 'cost',
          values: ratios(changed?.values ?? [], json?.values ?? []),
        },
      ],
      notes: [],
    };
  },
};
