import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { IncomingEvent } from '../core/event.ts';
import { type Decoder, maxRejectHeadBytes, type Reject, type RejectReason } from '../core/source.ts';

const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const byteOrderMark = [0xef, 0xbb, 0xbf] as const;

/** What was found in a stretch of bytes: the parts of a batch that come from lines. */
export interface Harvest {
  events: IncomingEvent[];
  rejects: Reject[];
  skipped: number;
}

/** How the lines of one stream are read. */
export interface LineRules {
  decode: Decoder;
  maxLineBytes: number;
  ids: EventIds;
  /** How people call the stream in a reject's position. */
  label: string;
}

export function emptyHarvest(): Harvest {
  return { events: [], rejects: [], skipped: 0 };
}

/** Eight hex digits that stand for one stream of bytes (one life of one file) in the ids of its events. */
export function laneOf(...identity: ReadonlyArray<string | number>): string {
  return hash('sha256', identity.join('\u0000'), 'hex').slice(0, 8);
}

/**
 * Makes the ids of one lane: `<lane>-<offset>-<checksum of the bytes>`. They begin with lane and offset so that those
 * of one piece grow and share a row in the journal, and close with the checksum so that other bytes at the same place
 * never pass for the same event. Digits are written into one buffer: formatting numbers costs five times as much, and
 * this is done for every line.
 */
export class EventIds {
  readonly #text: Buffer;

  constructor(lane: string) {
    this.#text = Buffer.from(`${lane}-000000000000-00000000`, 'latin1');
  }

  of(offset: number, line: Uint8Array): string {
    this.#write(9, 6, Math.floor(offset / 2 ** 24));
    this.#write(15, 6, offset % 2 ** 24);
    this.#write(22, 8, crc32(line));
    return this.#text.toString('latin1');
  }

  #write(at: number, digits: number, value: number): void {
    let rest = value;
    for (let i = at + digits - 1; i >= at; i -= 1) {
      const digit = rest & 15;
      this.#text[i] = digit < 10 ? 0x30 + digit : 0x57 + digit;
      rest >>>= 4;
    }
  }
}

/**
 * Reads every whole line of `buffer[start, end)` into `harvest` and returns the index after the last newline,
 * or `start` where there is none. `base` is the place of `buffer[0]` in the stream.
 */
export function cutLines(
  buffer: Buffer,
  start: number,
  end: number,
  base: number,
  rules: LineRules,
  harvest: Harvest,
): number {
  const last = end > start ? buffer.lastIndexOf(newline, end - 1) : -1;
  if (last < start) return start;
  // One check for the whole stretch; only if it fails each line is checked for itself.
  const clean = isUtf8(buffer.subarray(start, last + 1));
  for (let from = start; from <= last;) {
    const to = buffer.indexOf(newline, from);
    cutLine(buffer, from, to, base, clean, rules, harvest);
    from = to + 1;
  }
  return last + 1;
}

/**
 * Reads `buffer[from, to)` as a last line that will never get its newline: it counts if it is whole by itself
 * and is rejected as `truncated` otherwise. With `onlyWhole` it is left alone instead of rejected.
 * Returns false where it was left alone.
 */
export function cutFinalLine(
  buffer: Buffer,
  from: number,
  to: number,
  base: number,
  rules: LineRules,
  harvest: Harvest,
  onlyWhole: boolean,
): boolean {
  const found = emptyHarvest();
  cutLine(buffer, from, to, base, false, rules, found);
  const [reject] = found.rejects;
  const whole = found.events.length > 0 || (found.skipped === 0 && reject === undefined);
  if (onlyWhole && !whole) return false;
  harvest.events.push(...found.events);
  harvest.skipped += found.skipped;
  if (reject !== undefined) {
    harvest.rejects.push(reject.reason === 'too_long' ? reject : { ...reject, reason: 'truncated' });
  }
  return true;
}

/** A reject for the line of `sizeBytes` that stands at `offset` and begins with `head`; copies what it keeps. */
export function rejectOf(
  reason: RejectReason,
  rules: LineRules,
  offset: number,
  head: Uint8Array,
  sizeBytes: number,
): Reject {
  return {
    reason,
    position: `${rules.label} offset ${offset}`,
    head: new Uint8Array(head.subarray(0, maxRejectHeadBytes)),
    sizeBytes,
  };
}

function cutLine(
  buffer: Buffer,
  from: number,
  to: number,
  base: number,
  clean: boolean,
  rules: LineRules,
  harvest: Harvest,
): void {
  let start = from;
  let end = to;
  // A writer without O_APPEND leaves a hole of NULs behind when its file is truncated under it.
  while (start < end && buffer[start] === 0) start += 1;
  if (base + from === 0 && byteOrderMark.every((byte, i) => buffer[start + i] === byte)) start += 3;
  if (end > start && buffer[end - 1] === carriageReturn) end -= 1;
  if (start >= end) return;
  const offset = base + start;
  const reject = (reason: RejectReason): void => {
    harvest.rejects.push(rejectOf(reason, rules, offset, buffer.subarray(start, end), end - start));
  };
  if (end - start > rules.maxLineBytes) return reject('too_long');
  if (!clean && !isUtf8(buffer.subarray(start, end))) return reject('invalid_utf8');
  const text = buffer.toString('utf8', start, end);
  if ((buffer[start] as number) <= space && text.trim() === '') return;
  const decoded = rules.decode(text, () => rules.ids.of(offset, buffer.subarray(start, end)));
  switch (decoded.kind) {
    case 'event':
      harvest.events.push(decoded.incoming);
      return;
    case 'skipped':
      harvest.skipped += 1;
      return;
    case 'rejected':
      reject(decoded.reason);
      return;
  }
}
