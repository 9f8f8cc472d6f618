import type { JsonObject, JsonValue } from '../event.ts';

/**
 * Fields whose value opens something: Flagsmith sends the client-side key as `environment.api_key`, and any
 * sender may put a credential of its own into an event. Compared without case, `-` and `_`.
 */
const secretFields = new Set([
  'apikey',
  'secret',
  'clientsecret',
  'signingsecret',
  'password',
  'accesstoken',
  'refreshtoken',
  'authorization',
  'privatekey',
]);

const redacted = '[redacted]';
/** Deeper than any event; what lies below is not shown, so that no nesting can exhaust the stack. */
const maxDepth = 100;

/** A copy for logs and history, without the values of {@link secretFields}. What is delivered is not changed. */
export function redactForDisplay(value: JsonValue, depth = 0): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxDepth) return redacted;
  if (Array.isArray(value)) return value.map((item) => redactForDisplay(item, depth + 1));
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) {
    const held = value[key] ?? null;
    const secret = held !== null && secretFields.has(key.toLowerCase().replaceAll(/[-_]/g, ''));
    // Not an assignment: a field may be called __proto__.
    Object.defineProperty(copy, key, {
      value: secret ? redacted : redactForDisplay(held, depth + 1),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return copy;
}
