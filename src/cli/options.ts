import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../core/duration.ts';
import type { DeliveryState } from '../core/journal.ts';

/** A header line given on the command line. */
export type HeaderLine = readonly [name: string, value: string];

const states: readonly DeliveryState[] = ['pending', 'retrying', 'delivered', 'dead'];

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('A port is a number up to 65535.');
  return port;
}

export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** Milliseconds of a duration such as `100ms` or `1m30s`. */
export function parseDurationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('Write a duration such as 100ms, 15s or 1m30s.');
  return ms;
}

/** Wall ms of a time: a duration before now, or RFC 3339. */
export function parseTime(now: () => number): (text: string) => number {
  return (text) => {
    const ago = parseDuration(text);
    if (ago !== undefined) return now() - ago;
    const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
    if (!Number.isNaN(time)) return time;
    throw new InvalidArgumentError('Write 1h for an hour ago, or a time such as 2026-01-15T09:30:00Z.');
  };
}

export function parseStatuses(text: string): number[] {
  return text.split(',').map((word) => {
    const status = Number(word);
    if (/^\d{3}$/.test(word) && status >= 200 && status <= 599) return status;
    throw new InvalidArgumentError('Write status codes from 200 to 599, such as 500,500,200.');
  });
}

export function parseStates(text: string): DeliveryState[] {
  return text.split(',').map((word) => {
    const state = states.find((known) => known === word.trim());
    if (state === undefined) throw new InvalidArgumentError(`There are ${states.join(', ')}.`);
    return state;
  });
}

/** Collects an option that may be given more than once. */
export function collectTexts(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text];
}

/** Collects `Name: value` lines. */
export function parseHeader(text: string, before: readonly HeaderLine[] | undefined): HeaderLine[] {
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError("Write a header as 'Name: value'.");
  }
  return [...(before ?? []), [name, value.trim()]];
}
