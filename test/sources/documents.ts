import * as fc from 'fast-check';
import { decodeJson } from './memory-intake.ts';

/** What every way of cutting a text into events must find. */
export interface Found {
  events: string[];
  rejects: string[];
  skipped: number;
}

/** The plainest reading of a text: split, and look at each line by itself. */
export function expectedLines(bytes: Buffer, maxLineBytes: number): Found {
  const found: Found = { events: [], rejects: [], skipped: 0 };
  const lines = bytes.toString('latin1').split('\n').slice(0, -1);
  for (const latin of lines) {
    const text = Buffer.from(latin.replace(/^\0+/, '').replace(/\r$/, ''), 'latin1');
    if (text.length > maxLineBytes) found.rejects.push('too_long');
    else if (!text.equals(Buffer.from(text.toString()))) found.rejects.push('invalid_utf8');
    else if (text.toString().trim() === '') continue;
    else {
      const decoded = decodeJson(text.toString(), () => '');
      if (decoded.kind === 'event') found.events.push(decoded.incoming.text);
      if (decoded.kind === 'rejected') found.rejects.push(decoded.reason);
      if (decoded.kind === 'skipped') found.skipped += 1;
    }
  }
  return found;
}

const lineBytes = fc.oneof(
  fc
    .record({ s: fc.string({ unit: 'grapheme', maxLength: 12 }) })
    .map((value) => Buffer.from(JSON.stringify(value))),
  fc
    .constantFrom('', ' ', '\t \r', '# log', 'x'.repeat(200), '{"a":1}\r', '\0\0{"a":2}', '[1]')
    .map((s) => Buffer.from(s)),
  fc.uint8Array({ maxLength: 10 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 10))),
);
/** Texts of whole lines, good and bad. */
export const document = fc
  .array(lineBytes, { maxLength: 20 })
  .map((all) => Buffer.concat(all.flatMap((bytes) => [bytes, Buffer.from('\n')])))
  // A byte order mark is only one at the very front, which the tests of the sources cover.
  .filter((bytes) => bytes[0] !== 0xef && bytes[0] !== 0);

/** `bytes` in pieces. */
export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  return ends.map((end) => {
    const piece = bytes.subarray(start, end);
    start = end;
    return piece;
  });
}
