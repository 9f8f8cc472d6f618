import { formatSize } from '../../core/size.ts';
import { cut, printable, printableLine } from '../printable.ts';
import type { Paint } from '../style.ts';
import { timeOfDay } from '../when.ts';
import type { Answer, Received } from './receiver.ts';

const maxBodyLines = 60;
const maxLineChars = 400;
/** Said already by the request line, or of no interest for a webhook. */
const dullHeaders = new Set(['host', 'connection', 'content-length', 'transfer-encoding']);

/** One request for people: what came, whether its signature is right, what was answered. */
export function receivedText(received: Received, answer: Answer, paint: Paint, quiet: boolean): string {
  const lines = [firstLine(received, answer, paint)];
  if (!quiet) {
    for (const [name, value] of received.headers) {
      if (!dullHeaders.has(name))
        lines.push(`  ${paint('cyan', name)}: ${cut(printableLine(value), maxLineChars)}`);
    }
    lines.push(...bodyLines(received).map((line) => `  ${line}`), '');
  }
  return `${lines.join('\n')}\n`;
}

/** One request for machines, on one line. */
export function receivedJson(received: Received, answer: Answer): string {
  const { number, at, method, path, headers, body, sizeBytes, signature } = received;
  return `${JSON.stringify({
    number,
    time: new Date(at).toISOString(),
    method,
    path,
    headers: Object.fromEntries(headers),
    body: body.toString(),
    size_bytes: sizeBytes,
    signature,
    answer: answer.kind === 'reply' ? answer.status : answer.kind,
  })}\n`;
}

function firstLine(received: Received, answer: Answer, paint: Paint): string {
  const { number, at, method, path, sizeBytes, signature } = received;
  const parts = [
    paint('dim', timeOfDay(at)),
    paint('dim', `#${number}`),
    paint('bold', `${method} ${printableLine(path)}`),
    formatSize(sizeBytes),
    signatureText(signature, paint),
    `→ ${answerText(answer, paint)}`,
  ];
  return parts.filter((part) => part !== '').join('  ');
}

function signatureText(signature: Received['signature'], paint: Paint): string {
  if (signature === null) return '';
  if (signature.ok) return paint('green', 'signature ✓');
  return paint('red', `signature ✗ ${printableLine(signature.reason)}`);
}

export function answerText(answer: Answer, paint: Paint): string {
  if (answer.kind !== 'reply') return paint('yellow', answer.kind);
  return paint(answer.status < 300 ? 'green' : 'red', String(answer.status));
}

function bodyLines({ body, sizeBytes }: Received): string[] {
  if (body.length < sizeBytes) return ['(too large to show)'];
  const lines = printable(pretty(body.toString())).split('\n');
  const shown = lines.slice(0, maxBodyLines).map((line) => cut(line, maxLineChars));
  if (lines.length > maxBodyLines) shown.push(`… ${lines.length - maxBodyLines} more lines`);
  return shown;
}

/** JSON with indentation; anything else as it is. */
function pretty(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // Not JSON after all; it is shown as it came.
  }
}
