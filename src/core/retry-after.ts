/** No destination may hold a sink longer than this with one answer. */
export const maxRetryAfterMs = 3_600_000;

/**
 * Milliseconds to wait by a `Retry-After` header (RFC 9110 §10.2.3: delay-seconds or HTTP-date), at most one
 * hour, or undefined when there is none or it cannot be read. A date in the past is 0.
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Number(text) * 1000, maxRetryAfterMs);
  // Date.parse reads far more than HTTP dates ("3", "-1"); every HTTP date form begins with a day name.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.min(Math.max(0, at - nowMs), maxRetryAfterMs);
}
