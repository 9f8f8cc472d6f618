import type { HelperCall, HelperSpec } from '../helper.ts';
import { typeName } from '../helper.ts';

/** Numbers from here on are milliseconds since the epoch, smaller ones seconds. */
const firstMilliseconds = 1e11;

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Fields of a point in time in a zone, by the tokens of a format. */
function fieldsIn(zone: string, time: number): Record<string, string> {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      weekday: 'long',
      year: 'numeric',
      month: 'long',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      timeZoneName: 'longOffset',
    });
    formatters.set(zone, formatter);
  }
  return Object.fromEntries(formatter.formatToParts(time).map(({ type, value }) => [type, value]));
}

const two = (text: string | number): string => String(text).padStart(2, '0');

function pattern(format: string, time: number, zone: string): string {
  const {
    year = '',
    month = '',
    day = '',
    hour = '',
    minute = '',
    second = '',
    ...rest
  } = fieldsIn(zone, time);
  const weekday = rest['weekday'] ?? '';
  const offset = (rest['timeZoneName'] ?? '').replace('GMT', '') || '+00:00';
  const monthNumber = new Date(`${month} 1, 2000 UTC`).getUTCMonth() + 1;
  const hour12 = Number(hour) % 12 === 0 ? 12 : Number(hour) % 12;
  const tokens: Record<string, string> = {
    yyyy: year,
    yy: year.slice(-2),
    MMMM: month,
    MMM: month.slice(0, 3),
    MM: two(monthNumber),
    M: String(monthNumber),
    dd: two(day),
    d: day,
    EEEE: weekday,
    EEE: weekday.slice(0, 3),
    HH: two(hour),
    H: String(Number(hour)),
    hh: two(hour12),
    h: String(hour12),
    mm: two(minute),
    ss: two(second),
    SSS: String(new Date(time).getUTCMilliseconds()).padStart(3, '0'),
    a: Number(hour) < 12 ? 'AM' : 'PM',
    xxx: offset,
    z: offset === '+00:00' ? 'UTC' : offset,
  };
  return format.replace(
    /'((?:[^']|'')*)'|yyyy|yy|M{1,4}|dd?|EEEE|EEE|HH?|hh?|mm|ss|SSS|a|xxx|z/g,
    (token, quoted: string | undefined) =>
      quoted === undefined ? (tokens[token] ?? token) : quoted === '' ? "'" : quoted.replaceAll("''", "'"),
  );
}

/** Milliseconds since the epoch of an RFC 3339 text or a number; undefined for a text that is no time. */
function timeOf(value: unknown, call: HelperCall): number | undefined {
  if (typeof value === 'number') return value < firstMilliseconds ? value * 1000 : value;
  if (typeof value !== 'string') throw call.error(`needs a time, got ${typeName(value)}`);
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}

/** Formats that are read by programs: they give a time or nothing. */
function isForMachines(format: string): boolean {
  return format === 'unix' || format === 'unix_ms' || format === 'iso';
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** `3 minutes ago`, `in 2 hours`, `just now`. */
export function relativeTime(differenceMs: number): string {
  const seconds = Math.round(Math.abs(differenceMs) / 1000);
  if (seconds < 5) return 'just now';
  const units = [
    ['year', 31_536_000],
    ['month', 2_592_000],
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1],
  ] as const;
  const [name, size] = units.find(([, length]) => seconds >= length) ?? units[5];
  const count = Math.floor(seconds / size);
  const text = `${count} ${name}${count === 1 ? '' : 's'}`;
  return differenceMs > 0 ? `in ${text}` : `${text} ago`;
}

export const dateHelpers: Record<string, HelperSpec> = {
  date: {
    usage: 'date time ["yyyy-MM-dd HH:mm:ss z"] [zone="UTC"]',
    min: 1,
    max: 2,
    named: ['zone'],
    run([value, format], call) {
      if (isMissing(value)) return '';
      const time = timeOf(value, call);
      const wanted = format === undefined ? 'yyyy-MM-dd HH:mm:ss z' : call.text(format, 'a format');
      // A time that cannot be read is shown as the sender wrote it, rather than losing the whole delivery.
      if (time === undefined || Number.isNaN(new Date(time).getTime()))
        return isForMachines(wanted) ? '' : value;
      if (wanted === 'unix') return Math.floor(time / 1000);
      if (wanted === 'unix_ms') return Math.floor(time);
      if (wanted === 'iso') return new Date(time).toISOString();
      const zone = call.hash['zone'] === undefined ? 'UTC' : call.text(call.hash['zone'], 'a zone');
      try {
        return pattern(wanted, time, zone);
      } catch (error) {
        // Intl says "Invalid time zone specified"; every other failure is a bug.
        if (error instanceof RangeError)
          throw call.error('does not know this time zone; write one such as "Europe/Berlin"');
        throw error;
      }
    },
  },
  relative: {
    usage: 'relative time',
    min: 1,
    max: 1,
    run([value], call) {
      if (isMissing(value)) return '';
      const time = timeOf(value, call);
      return time === undefined ? value : relativeTime(time - call.clock.now());
    },
  },
};
