import type { Measurement } from './measure.ts';
import { median, summarise } from './statistics.ts';

/** Ratios are what is quoted and guarded; the other units only mean something beside them. */
export type Unit = '×' | 'ms' | 'µs' | 'MB' | '%' | '/s';

export interface Aim {
  is: 'at least' | 'at most';
  value: number;
}

/** One figure that counts, with a value for each round. */
export interface Finding {
  name: string;
  unit: Unit;
  values: number[];
  aim?: Aim;
  /** Watched by the guard: what is done must not fall, what it costs must not rise. */
  guard?: 'rate' | 'cost';
}

/** What a mode has to say. */
export interface Section {
  table: { head: string[]; rows: string[][] };
  findings: Finding[];
  notes: string[];
}

/** All measurements of one subject, one for each round. */
export interface Row<T> {
  name: string;
  results: T[];
}

export function met({ values, aim }: Finding): boolean | undefined {
  if (aim === undefined || values.length === 0) return undefined;
  return aim.is === 'at least' ? median(values) >= aim.value : median(values) <= aim.value;
}

/** Markdown that can be read in a terminal too. */
export function sectionText({ table, findings, notes }: Section): string {
  const lines = findings.map((finding) => {
    const { name, unit, values, aim } = finding;
    const figure = `${summarise(values, digitsFor(values))} ${unit}`;
    if (aim === undefined) return `- ${name}: ${figure}`;
    return `- ${name}: ${figure}; aim ${aim.is} ${aim.value}: ${met(finding) === true ? 'met' : 'MISSED'}`;
  });
  const parts = [tableText(table.head, table.rows), ...lines, ...notes.map((note) => `- note: ${note}`)];
  return `${parts.join('\n')}\n`;
}

function digitsFor(values: readonly number[]): number {
  const size = Math.abs(median(values));
  if (size >= 100) return 0;
  return size >= 10 ? 1 : 2;
}

function tableText(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line), ''].join('\n');
}

/** The usual table of deliveries, with what spoils a comparison as notes. */
export function deliveryTable(rows: ReadonlyArray<Row<Measurement>>): Pick<Section, 'table' | 'notes'> {
  const head = [
    'subject',
    'events/s',
    'µs CPU/event',
    'start ms',
    'start CPU ms',
    'peak MB',
    'receiver cores',
    'repeats',
    'in order',
  ];
  const of = (results: Measurement[], key: 'eventsPerS' | 'startMs' | 'startCpuMs' | 'peakMb'): string =>
    summarise(results.map((one) => one[key]));
  const body = rows.map(({ name, results }) => [
    name,
    of(results, 'eventsPerS'),
    summarise(
      results.map(({ cpuUsPerEvent }) => cpuUsPerEvent),
      1,
    ),
    of(results, 'startMs'),
    of(results, 'startCpuMs'),
    of(results, 'peakMb'),
    median(results.map(({ receiverCores }) => receiverCores)).toFixed(2),
    String(Math.max(...results.map(({ repeats }) => repeats))),
    results.every(({ inOrder }) => inOrder) ? 'yes' : 'no',
  ]);
  return { table: { head, rows: body }, notes: spoilers(rows) };
}

function spoilers(rows: ReadonlyArray<Row<Measurement>>): string[] {
  const notes: string[] = [];
  const foreign = Math.max(...rows.flatMap(({ results }) => results.map(({ foreignCores }) => foreignCores)));
  if (foreign > 0.15)
    notes.push(`other programs used up to ${foreign.toFixed(2)} cores during a run: measure again`);
  for (const { name, results } of rows) {
    if (median(results.map(({ receiverCores }) => receiverCores)) > 0.9)
      notes.push(`the receiver was the bottleneck of ${name}`);
  }
  return notes;
}
