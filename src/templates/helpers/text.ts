import { plainText } from '../escape.ts';
import { typeName } from '../helper.ts';
import type { HelperSpec } from '../helper.ts';
import { Marked } from '../marked.ts';

const byText = (name: string, change: (text: string) => string): HelperSpec => ({
  usage: `${name} text`,
  min: 1,
  max: 1,
  run: ([value], call) => change(call.text(value)),
});

/** Cuts to at most `length` UTF-16 units, the mark included, and never through a character. */
export function truncate(text: string, length: number, mark = '…'): string {
  if (text.length <= length) return text;
  const end = Math.max(0, length - mark.length);
  const code = text.charCodeAt(end - 1);
  const isHalf = code >= 0xd800 && code <= 0xdbff;
  return (text.slice(0, isHalf ? end - 1 : end) + mark).slice(0, length);
}

export const textHelpers: Record<string, HelperSpec> = {
  upper: byText('upper', (text) => text.toUpperCase()),
  lower: byText('lower', (text) => text.toLowerCase()),
  trim: byText('trim', (text) => text.trim()),
  title: byText('title', (text) =>
    text.replace(/(^|[\s_-])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase()),
  ),
  truncate: {
    usage: 'truncate text length [mark]',
    min: 2,
    max: 3,
    run([value, length, mark], call) {
      const cut = call.number(length, 'a length');
      if (cut < 0) throw call.error('needs a length of 0 or more');
      return truncate(
        plainText(value),
        Math.floor(cut),
        mark === undefined ? '…' : call.text(mark, 'a mark'),
      );
    },
  },
  replace: {
    usage: 'replace text search replacement',
    min: 3,
    max: 3,
    run([value, search, replacement], call) {
      const needle = call.text(search, 'a text to search for');
      const text = call.text(value);
      return needle === '' ? text : text.replaceAll(needle, () => call.text(replacement, 'a replacement'));
    },
  },
  concat: {
    usage: 'concat a b …',
    min: 1,
    max: 16,
    run: (args) => args.map(plainText).join(''),
  },
  join: {
    usage: 'join list [separator]',
    min: 1,
    max: 2,
    run([list, separator], call) {
      if (list === undefined || list === null) return '';
      if (!Array.isArray(list)) throw call.error(`needs a list, got ${typeName(list)}`);
      return list.map(plainText).join(separator === undefined ? ', ' : call.text(separator, 'a separator'));
    },
  },
  urlencode: {
    usage: 'urlencode text',
    min: 1,
    max: 1,
    run: ([value]) => new Marked('url', encodeURIComponent(plainText(value).toWellFormed())),
  },
  base64: {
    usage: 'base64 text',
    min: 1,
    max: 1,
    run: ([value], call) => Buffer.from(call.text(value), 'utf8').toString('base64'),
  },
};
