import { printable } from '../printable.ts';
import type { Paint } from '../style.ts';

/** The few emoji that the shipped templates and most people use; any other stays as `:its_name:`. */
const emoji: Readonly<Record<string, string>> = {
  sparkles: '✨',
  pencil2: '✏️',
  wastebasket: '🗑️',
  no_entry: '⛔',
  bell: '🔔',
  warning: '⚠️',
  rocket: '🚀',
  white_check_mark: '✅',
  x: '❌',
};

/** The lines of a Slack message as a person would read them; undefined for a body that is none. */
export function slackLines(body: string, paint: Paint): string[] | undefined {
  const message = parsedObject(body);
  if (message === undefined) return undefined;
  const texts = [...blockTexts(message), ...listOf(message['attachments']).flatMap(blockTexts)];
  // Beside blocks of its own the text is only for notifications.
  const isShown = listOf(message['blocks']).length === 0;
  if (isShown && typeof message['text'] === 'string') texts.unshift(message['text']);
  return texts.length === 0
    ? undefined
    : texts.flatMap((text) => readable(printable(text), paint).split('\n'));
}

/** Slack's mrkdwn (docs.slack.dev, "Formatting message text") for a terminal. */
function readable(text: string, paint: Paint): string {
  return text
    .replaceAll(/<!date\^\d+\^[^|>]*\|([^>]*)>/g, '$1')
    .replaceAll(/<[^|>]+\|([^>]*)>/g, '$1')
    .replaceAll(/:([a-z0-9_+-]+):/g, (whole, name: string) => emoji[name] ?? whole)
    .replaceAll(
      /(^|\W)\*([^*\n]+)\*(?=\W|$)/g,
      (_, before: string, bold: string) => before + paint('bold', bold),
    )
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

type Part = Record<string, unknown>;

function blockTexts(message: Part): string[] {
  const blocks = listOf(message['blocks']);
  return blocks.flatMap((block) => {
    const elements = listOf(block['elements']).map(textOf).join(' ');
    return [textOf(block), ...listOf(block['fields']).map(textOf), elements].filter((text) => text !== '');
  });
}

function textOf(part: Part): string {
  const { text } = part;
  if (typeof text === 'string') return text;
  return isPart(text) && typeof text['text'] === 'string' ? text['text'] : '';
}

function listOf(value: unknown): Part[] {
  return Array.isArray(value) ? value.filter(isPart) : [];
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsedObject(body: string): Part | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isPart(value) ? value : undefined;
  } catch {
    return undefined; // Not every sink sends JSON.
  }
}
