import { basename, dirname, join } from 'node:path';

/**
 * Names that rotation gives to `audit.log`: a number, a date or a time stamp behind the name
 * (`audit.log.1`, `audit.log-20260101`) or before its extension (`audit.1.log`, `audit-2026-01-01T00-00.log`),
 * or `.old` and the like; each possibly gzipped. Anything else in the folder is not ours to read.
 */
const mark = /^[.\-_](\d[\dTZtz:._+-]*|old|prev|bak|last)$/;
const gzipped = /\.gz$/;

/** How old a rotated file is by its name: numbers grow towards the past, dates towards the present. */
export type Rotation = { by: 'number'; number: number } | { by: 'date'; date: string } | { by: 'word' };

/** What rotation made of `base` to get `name`, or undefined where `name` is no rotated `base`. */
export function rotationOf(base: string, name: string): Rotation | undefined {
  const plain = name.replace(gzipped, '');
  if (plain === base) return plain === name ? undefined : { by: 'word' };
  const middle = between(base, plain);
  const found = middle === undefined ? null : mark.exec(middle);
  const text = found?.[1];
  if (text === undefined) return undefined;
  if (/^\d{1,5}$/.test(text)) return { by: 'number', number: Number(text) };
  return /^\d/.test(text) ? { by: 'date', date: text.replace(/[^\d]/g, '') } : { by: 'word' };
}

function between(base: string, name: string): string | undefined {
  if (name.startsWith(base)) return name.slice(base.length);
  const dot = base.lastIndexOf('.');
  if (dot <= 0) return undefined;
  const stem = base.slice(0, dot);
  const extension = base.slice(dot);
  if (!name.startsWith(stem) || !name.endsWith(extension)) return undefined;
  return name.length > base.length ? name.slice(stem.length, -extension.length) : undefined;
}

/** The path without rotation's mark: files with the same one are read oldest first, others in turns. */
export function familyOf(path: string): string {
  const name = basename(path).replace(gzipped, '');
  const bare =
    name.replace(/(?<=[^.\-_])[.\-_](\d[\dTZtz:_.+-]*?|old|prev|bak|last)(?=\.[A-Za-z]+$|$)/, '') || name;
  return join(dirname(path), bare);
}

export interface Aged {
  rotation: Rotation | undefined;
  mtimeNs: bigint;
}

/** Orders oldest first: by name where all names follow one scheme, by last write otherwise; the unrotated last. */
export function oldestFirst<T extends Aged>(files: readonly T[]): T[] {
  const rotated = files.filter((file) => file.rotation !== undefined);
  const current = files.filter((file) => file.rotation === undefined);
  const schemes = new Set(rotated.map((file) => file.rotation?.by));
  const byName = schemes.size === 1 && !schemes.has('word');
  rotated.sort(
    (a, b) => (byName && a.rotation && b.rotation ? byRotation(a.rotation, b.rotation) : 0) || byWrite(a, b),
  );
  current.sort(byWrite);
  return [...rotated, ...current];
}

function byRotation(a: Rotation, b: Rotation): number {
  if (a.by === 'number' && b.by === 'number') return b.number - a.number;
  if (a.by === 'date' && b.by === 'date') return a.date < b.date ? -1 : a.date > b.date ? 1 : 0;
  return 0;
}

function byWrite(a: Aged, b: Aged): number {
  return a.mtimeNs < b.mtimeNs ? -1 : a.mtimeNs > b.mtimeNs ? 1 : 0;
}
