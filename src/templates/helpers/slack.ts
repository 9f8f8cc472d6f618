import { escapeSlack, plainText } from '../escape.ts';
import type { HelperSpec } from '../helper.ts';
import { Marked } from '../marked.ts';
import { truncate } from './text.ts';

/** Characters that look like Slack's formatting marks and are none; Slack knows no way to escape the marks. */
const lookAlikes: Record<string, string> = { '*': '∗', _: 'ˍ', '~': '∼', '`': 'ˋ' };

/**
 * A text that shows in Slack as it is written: `& < >` are escaped, so that `<!channel>` pings nobody, and marks
 * that could start or end bold, italic, struck or code are replaced. `snake_case` and `a*b` keep theirs, since
 * Slack formats at word borders only.
 */
export function slackText(text: string): string {
  if (!/[*_~`&<>]/.test(text)) return text;
  const plain = text.replace(
    /`|(?<![\p{L}\p{N}])[*_~]|[*_~](?![\p{L}\p{N}])/gu,
    (mark) => lookAlikes[mark] ?? mark,
  );
  return escapeSlack(plain);
}

/** Cuts escaped text to `max` UTF-16 units and never through an entity. */
function cutEscaped(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${truncate(text, max - 1, '').replace(/&[a-z]{0,3}$/, '')}…`;
}

export const slackHelpers: Record<string, HelperSpec> = {
  slack: {
    usage: 'slack text [max=length]',
    min: 1,
    max: 1,
    named: ['max'],
    run([value], call) {
      const text = plainText(value);
      const { max } = call.hash;
      if (max === undefined) return new Marked('slack', slackText(text));
      const limit = call.number(max, 'max to be a number');
      // Escaping only makes it longer, so more than the limit never has to be looked at.
      return new Marked('slack', cutEscaped(slackText(truncate(text, limit + 1, '')), limit));
    },
  },
  slackLink: {
    usage: 'slackLink url text',
    min: 2,
    max: 2,
    run([url, text], call) {
      const label = truncate(plainText(text), 500);
      const address = call.text(url, 'a URL');
      if (!/^(https?|mailto):/i.test(address)) return new Marked('slack', slackText(label));
      const target = address.replace(/[<>|\s]/g, (char) => encodeURIComponent(char));
      return new Marked('slack', `<${escapeSlack(target)}|${slackText(label).replaceAll('|', '¦')}>`);
    },
  },
};
