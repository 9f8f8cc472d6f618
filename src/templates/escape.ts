import type { BodyFormat } from './content-type.ts';
import { Marked } from './marked.ts';

/** Where in a JSON body a value stands: between quotes, or where a whole JSON value is expected. */
export type Position = 'inside' | 'value';

export type Escape = (value: unknown) => string;

/** Writes a value as text: objects and lists as compact JSON, nothing for null and what is missing. */
export function plainText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  if (value instanceof Marked) return value.text;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : jsonText(value);
}

/** Compact JSON with U+2028/9 escaped and without lone surrogates, which strict receivers refuse. */
export function jsonText(value: unknown): string {
  // JSON.stringify gives undefined for a missing field, which its type does not say.
  const json = (JSON.stringify(value) as string | undefined) ?? 'null';
  if (!/\\ud|[\u2028\u2029]/.test(json)) return json;
  return json.replace(/\\(?:ud[89a-f][0-9a-f]{2}|.)|[\u2028\u2029]/g, (match) => {
    if (match === '\u2028') return '\\u2028';
    if (match === '\u2029') return '\\u2029';
    return match.length === 6 ? '\ufffd' : match;
  });
}

/** Whatever could end a JSON string or is refused in one. Surrogates are looked at as pairs afterwards. */
// oxlint-disable-next-line no-control-regex
const unsafeInJson = /[\u0000-\u001f"\\\u2028\u2029\ud800-\udfff]/;

/** A text as the inside of a JSON string, without the quotes. */
export function insideJson(text: string): string {
  return unsafeInJson.test(text) ? jsonText(text.toWellFormed()).slice(1, -1) : text;
}

function jsonInside(value: unknown): string {
  if (typeof value === 'string') return insideJson(value);
  return insideJson(plainText(value));
}

function jsonValue(value: unknown): string {
  if (!(value instanceof Marked)) return jsonText(value);
  return value.kind === 'json' ? value.text : jsonText(value.text);
}

/** `&`, `<` and `>` are all that Slack's markup needs escaped (api.slack.com, "Formatting text"). */
export function escapeSlack(text: string): string {
  return /[&<>]/.test(text)
    ? text.replace(/[&<>]/g, (char) => (char === '&' ? '&amp;' : char === '<' ? '&lt;' : '&gt;'))
    : text;
}

function slackText(value: unknown): string {
  return value instanceof Marked && value.kind === 'slack' ? value.text : escapeSlack(plainText(value));
}

function slackInside(value: unknown): string {
  return insideJson(slackText(value));
}

/** None of the three characters is JSON syntax, so escaping the encoded value escapes the strings in it. */
function slackValue(value: unknown): string {
  return value instanceof Marked && value.kind === 'slack'
    ? jsonText(value.text)
    : escapeSlack(jsonValue(value));
}

/** Percent-encoding of one form field's value (application/x-www-form-urlencoded: a space is a plus). */
export function formText(value: unknown): string {
  if (value instanceof Marked && value.kind === 'url') return value.text;
  return encodeURIComponent(plainText(value).toWellFormed()).replaceAll('%20', '+');
}

const markupEntities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function markupText(value: unknown): string {
  return plainText(value).replace(/[&<>"']/g, (char) => markupEntities[char] ?? char);
}

/** The escapers of a body, by the position of the value in it; outside JSON both are the same. */
export function escapersFor(format: BodyFormat, slack: boolean): Record<Position, Escape> {
  if (format === 'json') {
    return slack ? { inside: slackInside, value: slackValue } : { inside: jsonInside, value: jsonValue };
  }
  const text = slack ? slackText : plainText;
  const escape = { form: formText, markup: markupText, text }[format];
  return { inside: escape, value: escape };
}
