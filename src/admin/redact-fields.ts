import { AuditsinkError } from '../core/errors.ts';

/**
 * Names of log fields whose value is never written, compared without case, `-` and `_`: credentials, what holds
 * them (headers, whole URLs), and what comes from an event or a receiver as a whole.
 */
const secretNames = new Set([
  'apikey',
  'accesstoken',
  'authorization',
  'bearer',
  'body',
  'clientsecret',
  'cookie',
  'credential',
  'credentials',
  'headers',
  'passphrase',
  'password',
  'payload',
  'privatekey',
  'proxyauthorization',
  'refreshtoken',
  'secret',
  'secrets',
  'setcookie',
  'signingsecret',
  'token',
]);

const redacted = '[redacted]';
/** No line of ours nests deeper; it also ends a circle. */
const maxDepth = 4;

/**
 * The fields of one log line as they may be written: a second line of defence, the first being that nobody logs
 * a secret. Values of {@link secretNames} go, and a URL anywhere in a text keeps its scheme and host only, since
 * the path of a webhook URL is a secret.
 */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactObject(fields: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    copy[name] = isSecretName(name) ? redacted : redactValue(value, depth);
  }
  return copy;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return stripUrls(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return stripUrls(describe(value));
  if (value instanceof Date) return value;
  if (depth >= maxDepth) return '[…]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  return redactObject(value, depth + 1);
}

function isSecretName(name: string): boolean {
  return secretNames.has(name.toLowerCase().replaceAll(/[-_]/g, ''));
}

/** What an operator can act on is said by its message; anything else is a bug, and its stack is wanted. */
function describe(error: Error): string {
  return error instanceof AuditsinkError ? error.message : (error.stack ?? error.message);
}

/** `https://user:pass@host:443/services/T0/B0?x=1` → `https://host:443/…`. */
function stripUrls(text: string): string {
  if (!text.includes('://')) return text;
  return text.replaceAll(
    /\b(https?:\/\/)(?:[^\s/?#"'<>@]*@)?([^\s/?#"'<>@]*)([/?#][^\s"'<>]*)?/gi,
    (_, scheme: string, host: string, rest: string | undefined) =>
      `${scheme}${host}${rest === undefined || rest === '/' ? '' : '/…'}`,
  );
}
