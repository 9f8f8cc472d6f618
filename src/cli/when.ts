import { formatDuration } from '../core/duration.ts';

/** A wall time seen from now: `3m20s ago`, `in 5s`; `-` for none. */
export function relative(at: number | null, now: number): string {
  if (at === null) return '-';
  const ms = at - now;
  const seconds = Math.floor(Math.abs(ms) / 1000);
  if (seconds === 0) return 'now';
  const distance = formatDuration(seconds * 1000);
  return ms < 0 ? `${distance} ago` : `in ${distance}`;
}

/** Local time of day with milliseconds. */
export function timeOfDay(at: number): string {
  const date = new Date(at);
  const two = (n: number): string => String(n).padStart(2, '0');
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** A wall time in full, UTC. */
export function timestamp(at: number): string {
  return new Date(at).toISOString();
}
