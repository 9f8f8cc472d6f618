import type { AuditEvent, JsonObject } from '../event.ts';
import type { Decoded } from '../source.ts';
import { isObject, type Format } from './format.ts';

/**
 * Flipt v1 audit events, versions 0.1 (no `status`) and 0.2, as its log sink and its webhook write them
 * (flipt-io/flipt `internal/server/audit/events.go`). Unknown fields stay in `raw`.
 */
export const flipt: Format = {
  name: 'flipt',

  recognises(raw) {
    return (
      typeof raw['version'] === 'string' &&
      typeof raw['type'] === 'string' &&
      typeof raw['action'] === 'string' &&
      ('metadata' in raw || 'payload' in raw)
    );
  },

  normalise(raw, source, id): AuditEvent | undefined {
    const { version, type, action, metadata, payload, timestamp, status } = raw;
    if (typeof version !== 'string') return undefined;
    if (typeof type !== 'string' || type === '') return undefined;
    if (typeof action !== 'string' || action === '') return undefined;
    if (metadata !== undefined && metadata !== null && !isObject(metadata)) return undefined;
    if (timestamp !== undefined && typeof timestamp !== 'string') return undefined;
    if (status !== undefined && typeof status !== 'string') return undefined;
    return {
      id: id(),
      source,
      version,
      type,
      action,
      metadata: metadata ?? {},
      payload: payload ?? null,
      timestamp: timestamp ?? '',
      // Version 0.1 knew no denied events and no status.
      status: status ?? 'success',
      raw,
    };
  },
};

const openBrace = 0x7b;
const auditColumn = '\tAUDIT\t';

/** Where the JSON of a log line begins, or what the line is if it holds none. */
export type Located = { kind: 'document'; text: string } | Exclude<Decoded, { kind: 'event' }>;

const skipped = { kind: 'skipped' } as const;
const invalidJson = { kind: 'rejected', reason: 'invalid_json' } as const;

/**
 * Finds the JSON document in a line that does not begin with it. Flipt's console encoding on stdout puts
 * `<time>\tAUDIT\t` before it; other text is an application log line (`<time>\tINFO\t…`, a panic, a banner),
 * unless it holds pieces of an audit line, which is then a torn one and must not vanish.
 */
export function locateDocument(line: string): Located {
  const trimmed = line.trim(); // also drops a byte order mark
  if (trimmed.charCodeAt(0) === openBrace) return { kind: 'document', text: trimmed };
  const column = trimmed.indexOf(auditColumn);
  const brace = trimmed.indexOf('{');
  if (column >= 0 && (brace < 0 || column < brace)) {
    const text = trimmed.slice(column + auditColumn.length).trim();
    return text.charCodeAt(0) === openBrace ? { kind: 'document', text } : invalidJson;
  }
  if (trimmed.endsWith('\tAUDIT')) return invalidJson;
  if (/^\S+\t\S*(?:DEBUG|INFO|WARN|ERROR|PANIC|FATAL)\S*\t/i.test(trimmed)) return skipped;
  return countOf(fragments, (fragment) => trimmed.includes(fragment)) >= 2 ? invalidJson : skipped;
}

const fragments = ['"version":', '"action":', '"metadata":', '"payload":', '"timestamp":'];
const auditKeys = ['version', 'type', 'action', 'metadata', 'payload', 'timestamp', 'status'];
const levelWord = /^(?:trace|debug|info|warn|warning|error|dpanic|panic|fatal)$/i;

/**
 * Whether an object that is no event is one of Flipt's own JSON log lines. The level's key can be renamed
 * (`log.keys.level`), so it is found by its value; a broken audit line is never taken for a log line.
 */
export function isLogLine(raw: JsonObject): boolean {
  if (raw['M'] === 'AUDIT' || countOf(auditKeys, (key) => key in raw) >= 3) return false;
  for (const key in raw) {
    const value = raw[key];
    if (typeof value === 'string' && levelWord.test(value)) return true;
  }
  return false;
}

function countOf(items: readonly string[], holds: (item: string) => boolean): number {
  let count = 0;
  for (const item of items) if (holds(item)) count += 1;
  return count;
}
