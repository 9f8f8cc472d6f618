/**
 * Turns any of Flipt's log lines into the body its own webhook would send: compact, in the order of the
 * `Event` struct, with `< > &` and the line separators escaped as Go's `json.Marshal` does. Works on the text,
 * so that no number loses a digit and no nested byte changes.
 */
export function fliptWebhookBody(text: string): string {
  const members = scanMembers(text);
  if (members === undefined) return text;
  const wrapped = members.some(({ key, value }) => key === 'M' && value === '"AUDIT"');
  const ordered = new Array<string>(webhookOrder.length);
  const unknown: string[] = [];
  for (const { key, value } of members) {
    const place = webhookOrder.indexOf(key);
    if (place >= 0) ordered[place] = `"${key}":${value}`;
    else if (!(wrapped && (key === 'T' || key === 'M'))) unknown.push(`"${key}":${value}`);
  }
  return escapeAsGo(`{${[...ordered.filter((member) => member !== undefined), ...unknown].join(',')}}`);
}

const webhookOrder = ['version', 'type', 'action', 'metadata', 'payload', 'timestamp', 'status'];

const goEscapes: Record<string, string> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** These characters can only stand inside strings, so the whole text can be treated as one. */
function escapeAsGo(json: string): string {
  if (!/[<>&\u2028\u2029]/.test(json)) return json;
  return json.replace(/[<>&\u2028\u2029]/g, (character) => goEscapes[character] as string);
}

interface Member {
  /** As written, between its quotes. */
  key: string;
  value: string;
}

/** The top-level members of a valid JSON object, as text; undefined when it is no object. */
function scanMembers(text: string): Member[] | undefined {
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== 0x7b) return undefined;
  const members: Member[] = [];
  at = skipSpace(text, at + 1);
  while (text.charCodeAt(at) === 0x22) {
    const keyEnd = stringEnd(text, at);
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = endOfValue(text, valueStart);
    members.push({ key: text.slice(at + 1, keyEnd - 1), value: text.slice(valueStart, valueEnd) });
    at = skipSpace(text, valueEnd);
    if (text.charCodeAt(at) !== 0x2c) break;
    at = skipSpace(text, at + 1);
  }
  return members;
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
  let quote = text.indexOf('"', from + 1);
  while (quote > 0) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    quote = text.indexOf('"', quote + 1);
  }
  return text.length;
}

/** The index after the value that begins at `from`. */
function endOfValue(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (first === 0x22) return stringEnd(text, from);
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = stringEnd(text, at);
      continue;
    }
    if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (code === 0x2c || code <= 0x20)) return at;
    at += 1;
  }
  return at;
}
