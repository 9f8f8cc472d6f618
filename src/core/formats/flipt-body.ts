/**
 * Turns any of Flipt's log lines into the body its own webhook would send: compact, in the order of the
 * `Event` struct, with `< > &` and the line separators escaped as Go's `json.Marshal` does. Works on the text,
 * so that no number loses a digit and no nested byte changes.
 */
export function fliptWebhookBody(text: string): string {
  const body = reorderUsual(text) ?? reorder(text);
  return needsEscape.test(body) ? escapeAsGo(body) : body;
}

/** Beyond it a backtracking match could need much memory. */
const maxUsualLength = 16_384;

const plainText = String.raw`"[^"\\]*"`;
const anyText = String.raw`"(?:[^"\\]|\\.)*"`;

/** A line as Flipt writes it in each of its forms, up to its payload. */
const usualHead = new RegExp(
  `\\{(?:"T":${plainText},"M":"AUDIT",)?"version": ?(${plainText}), ?"type": ?(${plainText}), ?"action": ?(${plainText})` +
    `(?:, ?"status": ?(${plainText}))?, ?"metadata": ?(\\{\\}|\\{"actor":\\{(?:${plainText}:${anyText},?)*\\}\\}), ?"payload": ?`,
  'y',
);
const usualTail = new RegExp(`, ?"timestamp": ?(${plainText})(?:,"status":(${plainText}))?\\}$`, 'y');

/** For the members in their usual order, which is nearly always: a good part quicker than {@link reorder}. */
function reorderUsual(text: string): string | undefined {
  if (text.length > maxUsualLength) return undefined;
  usualHead.lastIndex = 0;
  const head = usualHead.exec(text);
  if (head === null) return undefined;
  const payloadEnd = endOfValue(text, usualHead.lastIndex);
  const payload = text.slice(usualHead.lastIndex, payloadEnd);
  usualTail.lastIndex = payloadEnd;
  const tail = usualTail.exec(text);
  if (tail === null) return undefined;
  const [, version, type, action, early, metadata] = head;
  const [, timestamp, late] = tail;
  const status = late ?? early;
  const end = status === undefined ? '}' : `,"status":${status}}`;
  return `{"version":${version},"type":${type},"action":${action},"metadata":${metadata},"payload":${payload},"timestamp":${timestamp}${end}`;
}

/** The same for any JSON object, by scanning its top level; members that Flipt does not know go to the end. */
function reorder(text: string): string {
  const known: Array<string | undefined> = [];
  let unknown = '';
  let wrapper = '';
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== openBrace) return text;
  at = skipSpace(text, at + 1);
  while (text.charCodeAt(at) === quote) {
    const keyEnd = stringEnd(text, at);
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = endOfValue(text, valueStart);
    const key = text.slice(at + 1, keyEnd - 1);
    const value = text.slice(valueStart, valueEnd);
    const place = webhookOrder.indexOf(key);
    if (place >= 0) known[place] = value;
    else if (key === 'T' || (key === 'M' && value === '"AUDIT"')) wrapper += `,"${key}":${value}`;
    else unknown += `,"${key}":${value}`;
    at = skipSpace(text, valueEnd);
    if (text.charCodeAt(at) !== comma) break;
    at = skipSpace(text, at + 1);
  }
  let members = '';
  for (let place = 0; place < webhookOrder.length; place += 1) {
    const value = known[place];
    if (value !== undefined) members += `,"${webhookOrder[place]}":${value}`;
  }
  // The logger's own T and M go; a T without that M is a field of the event that we do not know.
  if (!wrapper.includes('"M":')) members += wrapper;
  return `{${(members + unknown).slice(1)}}`;
}

const webhookOrder = ['version', 'type', 'action', 'metadata', 'payload', 'timestamp', 'status'];

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

const goEscapes: Record<string, string> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

const needsEscape = /[<>&\u2028\u2029]/;

/** These characters can only stand inside strings, so the whole text can be treated as one. */
function escapeAsGo(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (character) => goEscapes[character] ?? character);
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return at;
  }
}

/** The index after the closing quote of the string that opens at `from`. */
function stringEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code === backslash) at += 1;
  }
  return text.length;
}

/** The index after the value that begins at `from`. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = stringEnd(text, at) - 1;
      if (depth === 0) return at + 1;
    } else if (code === openBrace || code === openBracket) {
      depth += 1;
    } else if (code === closeBrace || code === closeBracket) {
      depth -= 1;
      if (depth <= 0) return depth < 0 ? at : at + 1;
    } else if (depth === 0 && (code === comma || code <= 0x20)) {
      return at;
    }
  }
  return text.length;
}
