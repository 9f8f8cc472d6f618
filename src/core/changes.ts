import type { Change, JsonObject, JsonValue } from './event.ts';
import { formatPath } from './path.ts';

export interface ChangeLimits {
  /** Changes beyond this are left out. */
  maxChanges: number;
  /** Objects nested deeper are compared as a whole. */
  maxDepth: number;
}

const defaultLimits: ChangeLimits = { maxChanges: 100, maxDepth: 8 };

/**
 * What differs between two states of one thing, in the order of the new state's keys, then of the keys that are
 * gone. `path` leads into the payload (`threshold.percentage`, keys with dots in brackets). A value that is not
 * there counts as null. Lists of objects that all have an `id` or `key` are compared element by element
 * (`constraints.0.value`, by the place in the new list, or in the old one for what is gone), other lists as a
 * whole. Nothing is compared unless both states are objects, as for denied events.
 */
export function diffChanges(
  previous: JsonValue | undefined,
  payload: JsonValue | undefined,
  limits: Partial<ChangeLimits> = {},
): Change[] {
  const { maxChanges, maxDepth } = { ...defaultLimits, ...limits };
  const changes: Change[] = [];
  if (isObject(previous) && isObject(payload)) compareObjects(previous, payload, []);
  return changes;

  function compare(before: JsonValue, after: JsonValue, path: readonly string[]): void {
    if (changes.length >= maxChanges || isSame(before, after)) return;
    if (path.length < maxDepth) {
      if (isObject(before) && isObject(after)) return compareObjects(before, after, path);
      if (Array.isArray(before) && Array.isArray(after)) {
        const identity = identityOf(before, after);
        if (identity !== undefined) return compareLists(before, after, identity, path);
      }
    }
    changes.push({ path: formatPath(path), before, after });
  }

  function compareObjects(before: JsonObject, after: JsonObject, path: readonly string[]): void {
    for (const key of Object.keys(after)) compare(own(before, key), own(after, key), [...path, key]);
    for (const key of Object.keys(before)) {
      if (!Object.hasOwn(after, key)) compare(own(before, key), null, [...path, key]);
    }
  }

  function compareLists(
    before: JsonValue[],
    after: JsonValue[],
    identity: string,
    path: readonly string[],
  ): void {
    const old = new Map(before.map((item, index) => [identityIn(item, identity), { item, index }]));
    for (const [index, item] of after.entries()) {
      const id = identityIn(item, identity);
      compare(old.get(id)?.item ?? null, item, [...path, String(index)]);
      old.delete(id);
    }
    for (const { item, index } of old.values()) compare(item, null, [...path, String(index)]);
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(object: JsonObject, key: string): JsonValue {
  return Object.hasOwn(object, key) ? (object[key] ?? null) : null;
}

function identityIn(item: JsonValue, identity: string): JsonValue {
  return isObject(item) ? own(item, identity) : null;
}

/** The field that tells the elements of both lists apart: `id` or `key`, where each has its own. */
function identityOf(before: readonly JsonValue[], after: readonly JsonValue[]): string | undefined {
  return ['id', 'key'].find((field) =>
    [before, after].every((list) => {
      const ids = new Set(list.map((item) => identityIn(item, field)));
      return (
        ids.size === list.length &&
        ids.values().every((id) => typeof id === 'string' || typeof id === 'number')
      );
    }),
  );
}

/** Values nested deeper than this count as different, so that no payload can exhaust the stack. */
const maxCompareDepth = 200;

function isSame(before: JsonValue, after: JsonValue, depth = 0): boolean {
  if (before === after) return true;
  if (depth >= maxCompareDepth) return false;
  if (Array.isArray(before)) {
    if (!Array.isArray(after) || before.length !== after.length) return false;
    return before.every((item, index) => isSame(item, after[index] ?? null, depth + 1));
  }
  if (!isObject(before) || !isObject(after)) return false;
  const keys = Object.keys(before);
  if (keys.length !== Object.keys(after).length) return false;
  return keys.every(
    (key) => Object.hasOwn(after, key) && isSame(own(before, key), own(after, key), depth + 1),
  );
}
