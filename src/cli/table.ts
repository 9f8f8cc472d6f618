import { stripVTControlCharacters } from 'node:util';
import { characters } from './printable.ts';
import type { Paint } from './style.ts';

/** Rows under a heading, each column as wide as its widest cell. Cells may be styled; the last is not padded. */
export function table(
  heading: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
  paint: Paint,
): string {
  const widths = heading.map((title, i) =>
    Math.max(...[title, ...rows.map((row) => row[i] ?? '')].map(widthOf)),
  );
  const lines = [heading.map((title) => paint('dim', title)), ...rows].map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell))))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

function widthOf(cell: string): number {
  return characters(stripVTControlCharacters(cell)).length;
}
