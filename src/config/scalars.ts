import { parseDuration } from '../core/duration.ts';
import { compileGlob } from '../core/glob.ts';
import type { RateLimit } from '../core/policy.ts';
import { parseProxyUrl } from '../core/proxy-url.ts';
import { parseSize } from '../core/size.ts';
import { suggest } from '../core/suggest.ts';
import { bad, good, referencePattern, setting } from './setting.ts';
import type { Parsed, SettingSchema } from './setting.ts';

type Described = Omit<SettingSchema, 'kind' | 'type' | 'anyOf' | 'pattern' | 'enum' | 'minimum' | 'maximum'>;

/** Any text that is not empty. */
export function text(
  schema: Described,
  refuse?: (value: string) => Parsed<never> | undefined,
  as: Pick<SettingSchema, 'kind' | 'type'> = { kind: 'text', type: 'string' },
) {
  return setting(
    (value) => {
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
        return notText();
      const written = String(value);
      if (written.trim() === '') return bad('empty', 'is empty');
      return refuse?.(written) ?? good(written);
    },
    { ...as, ...schema },
  );
}

function notText(): Parsed<never> {
  return bad('wrong_type', 'must be text', 'put it in quotes if it begins with a special character');
}

/** A name that stands in metrics, paths and on the command line. */
export function name(schema: Described) {
  return text(
    schema,
    (value) =>
      /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(value)
        ? undefined
        : bad(
            'bad_name',
            'cannot be a name',
            'letters, digits, `-`, `_` and `.`, beginning with a letter or digit, at most 64',
          ),
    { kind: 'name', type: 'string' },
  );
}

const durationHint = 'write it as `500ms`, `15s`, `1m30s` or `7d`';

/** Milliseconds from a duration; `min` and `max` are durations themselves. */
export function duration(schema: Described, limits: { min?: string; max?: string } = {}) {
  const { min = '0', max = '3650d' } = limits;
  return setting(
    (value) => {
      if (typeof value === 'number' && value !== 0) {
        return bad(
          'bad_duration',
          'is not a duration: it has no unit',
          durationHint,
          `\`${value}s\` are seconds, \`${value}ms\` milliseconds`,
        );
      }
      if (typeof value !== 'string' && typeof value !== 'number')
        return bad('bad_duration', 'is not a duration', durationHint);
      const ms = parseDuration(String(value));
      if (ms === undefined)
        return bad('bad_duration', 'is not a duration', durationHint, durationFix(String(value)));
      if (ms < (parseDuration(min) ?? 0)) return bad('out_of_range', 'is too short', `at least ${min}`);
      if (ms > (parseDuration(max) ?? Infinity)) return bad('out_of_range', 'is too long', `at most ${max}`);
      return good(ms);
    },
    {
      kind: 'duration',
      type: 'string',
      pattern: String.raw`^\s*(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d|w))+)\s*$|${referencePattern}`,
      ...schema,
    },
  );
}

const unitWords: ReadonlyArray<readonly [RegExp, string]> = [
  [/^(milli(second)?s?|msecs?)$/, 'ms'],
  [/^(secs?|seconds?)$/, 's'],
  [/^(mins?|minutes?)$/, 'm'],
  [/^(hrs?|hours?)$/, 'h'],
  [/^days?$/, 'd'],
  [/^weeks?$/, 'w'],
];

function durationFix(written: string): string | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(written);
  if (match === null) return undefined;
  const word = (match[2] ?? '').toLowerCase();
  const unit = word === '' ? 's' : (unitWords.find(([pattern]) => pattern.test(word))?.[1] ?? word);
  const fixed = `${match[1]}${unit}`;
  return parseDuration(fixed) === undefined ? undefined : `did you mean \`${fixed}\`?`;
}

/** Bytes from a size; `min` and `max` are sizes themselves. */
export function size(schema: Described, limits: { min: string; max?: string }) {
  return setting(
    (value) => {
      const bytes =
        typeof value === 'number' || typeof value === 'string' ? parseSize(String(value)) : undefined;
      if (bytes === undefined)
        return bad('bad_size', 'is not a size', 'write it as `1MiB`, `500kB` or `4096`');
      if (bytes < (parseSize(limits.min) ?? 0))
        return bad('out_of_range', 'is too small', `at least ${limits.min}`);
      if (limits.max !== undefined && bytes > (parseSize(limits.max) ?? Infinity)) {
        return bad('out_of_range', 'is too large', `at most ${limits.max}`);
      }
      return good(bytes);
    },
    {
      kind: 'size',
      type: ['string', 'integer'],
      pattern: String.raw`^\s*[0-9]+(\.[0-9]+)?\s*([kKmMgGtT]?[iI]?[bB])?\s*$|${referencePattern}`,
      ...schema,
    },
  );
}

/** A number; text of digits counts too, since what a variable puts in is always text. */
export function number(schema: Described, limits: { min: number; max: number; whole: boolean }) {
  const { min, max, whole } = limits;
  return setting(
    (value) => {
      const parsed = typeof value === 'string' && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
      if (typeof parsed !== 'number' || !Number.isFinite(parsed) || (whole && !Number.isInteger(parsed))) {
        return bad(
          'bad_number',
          whole ? 'is not a whole number' : 'is not a number',
          `from ${min} to ${max}`,
        );
      }
      if (parsed < min || parsed > max)
        return bad('out_of_range', 'is out of range', `from ${min} to ${max}`);
      return good(parsed);
    },
    {
      kind: whole ? 'whole number' : 'number',
      type: [whole ? 'integer' : 'number', 'string'],
      minimum: min,
      maximum: max,
      pattern: String.raw`^\s*[0-9]+${whole ? '' : String.raw`(\.[0-9]+)?`}\s*$|${referencePattern}`,
      ...schema,
    },
  );
}

export function boolean(schema: Described) {
  return setting(
    (value) => {
      if (typeof value === 'boolean') return good(value);
      if (value === 'true' || value === 'false') return good(value === 'true');
      return bad('bad_boolean', 'is neither `true` nor `false`', 'write `true` or `false`');
    },
    {
      kind: 'true or false',
      type: ['boolean', 'string'],
      pattern: `^(true|false)$|${referencePattern}`,
      ...schema,
    },
  );
}

/** One of a few words. */
export function oneOf<const T extends string>(words: readonly T[], schema: Described) {
  const listed = `one of ${words.map((word) => `\`${word}\``).join(', ')}`;
  return setting(
    (value) => {
      const known = words.find((word) => word === value);
      if (known !== undefined) return good(known);
      const near = typeof value === 'string' ? suggest(value, words) : undefined;
      return bad(
        'bad_choice',
        'is not known here',
        near === undefined ? listed : `did you mean \`${near}\`? (${listed})`,
      );
    },
    { kind: 'one of', type: 'string', enum: words, ...schema },
  );
}

/** An http or https URL, kept as written: receivers may care about a trailing slash. Never repeated. */
export function url(schema: Described) {
  return setting(
    (value) => {
      if (typeof value !== 'string') return bad('bad_url', 'is not a URL');
      const written = value.trim();
      if (written === '') return bad('empty', 'is empty');
      if (/[\s\p{Cc}]/u.test(written))
        return bad('bad_url', 'is not a URL: it holds white space or control characters');
      if (!/^https?:\/\//i.test(written)) {
        return bad('bad_url', 'is not a URL of http or https', 'it begins with `https://` or `http://`');
      }
      const parsed = URL.parse(written);
      if (parsed === null) return bad('bad_url', 'is not a valid URL', 'check the host name and the port');
      if (parsed.username !== '' || parsed.password !== '') {
        return bad(
          'bad_url',
          'must not hold a user name or a password',
          'send them in a header: `Authorization: Basic …`',
        );
      }
      return good(written);
    },
    { kind: 'URL', type: 'string', secret: true, ...schema },
  );
}

/** A proxy, in any way that curl takes; user and password are for the proxy. Never repeated. */
export function proxy(schema: Described) {
  return setting(
    (value) => {
      if (typeof value !== 'string') return bad('bad_url', 'is not the URL of an HTTP proxy', proxyHint);
      if (value.trim() === '') return bad('empty', 'is empty');
      const parsed = parseProxyUrl(value);
      return parsed === undefined
        ? bad('bad_url', 'is not the URL of an HTTP proxy', proxyHint)
        : good(parsed.href);
    },
    { kind: 'URL', type: 'string', secret: true, ...schema },
  );
}

const proxyHint =
  'write it as `http://host:port` or `http://user:password@host:port`; `@`, `:`, `/` and `%` of a password as `%40`, `%3A`, `%2F` and `%25`';

export interface Listen {
  host: string;
  port: number;
}

const listenHint = 'write host and port, such as `127.0.0.1:9470`, `0.0.0.0:9470` or `[::1]:9470`';

/** Host and port to listen on; `:9470` is every address. */
export function parseListen(value: unknown): Parsed<Listen> {
  const match =
    typeof value === 'string' ? /^(\[[0-9a-fA-F:.%]+\]|[^\s:[\]/]*):(\d{1,5})$/.exec(value.trim()) : null;
  if (match === null) {
    const port = typeof value === 'number' || (typeof value === 'string' && /^\d{1,5}$/.test(value));
    return bad(
      'bad_listen',
      'is not an address to listen on',
      listenHint,
      port ? `did you mean \`127.0.0.1:${String(value)}\`?` : undefined,
    );
  }
  const port = Number(match[2]);
  if (port > 65_535) return bad('bad_listen', 'names a port above 65535', listenHint);
  const host = (match[1] ?? '').replaceAll(/[[\]]/g, '');
  return good({ host: host === '' ? '::' : host, port });
}

export function listen(schema: Described) {
  return setting(parseListen, { kind: 'address', type: 'string', ...schema });
}

/** An address, or null for `off`. */
export function listenOrOff(schema: Described) {
  return setting<Listen | null>(
    (value) => (value === 'off' || value === false ? good(null) : parseListen(value)),
    { kind: 'address or `off`', type: ['string', 'boolean'], ...schema },
  );
}

const rateUnits: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `1/s`, `100/m`. */
export function rate(schema: Described) {
  return setting<RateLimit>(
    (value) => {
      const match =
        typeof value === 'string'
          ? /^\s*(\d+)\s*\/\s*(s|sec|second|m|min|minute|h|hour|d|day)\s*$/.exec(value)
          : null;
      if (match === null)
        return bad('bad_rate', 'is not a rate', 'write it as `1/s`, `100/m`, `500/h` or `1000/d`');
      const count = Number(match[1]);
      if (count < 1)
        return bad('out_of_range', 'would never let anything pass', 'to hold a sink, run `auditsink pause`');
      return good({ count, perMs: rateUnits[(match[2] ?? '').charAt(0)] ?? 1000 });
    },
    {
      kind: 'rate',
      type: 'string',
      pattern: String.raw`^\s*[0-9]+\s*/\s*(s|sec|second|m|min|minute|h|hour|d|day)\s*$|${referencePattern}`,
      ...schema,
    },
  );
}

export function glob(schema: Described) {
  return text(
    schema,
    (value) => {
      const compiled = compileGlob(value);
      return compiled.ok
        ? undefined
        : bad(
            'bad_glob',
            `is not a glob: ${compiled.message}`,
            '`*`, `?`, `[a-z]` and `{a,b}` are special; put `\\` before one to take it as it is',
          );
    },
    { kind: 'glob', type: ['string', 'number', 'boolean'] },
  );
}
