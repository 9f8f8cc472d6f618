import type { HelperSpec } from '../helper.ts';
import { Marked } from '../marked.ts';

/** What `{{#if}}` takes for true: not false, null, missing, 0, empty text or an empty list. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value instanceof Marked ? value.text !== '' : Boolean(value);
}

/** Missing and null are equal, so that `(eq payload.x null)` holds for a denied event too. */
function isEqual(left: unknown, right: unknown): boolean {
  const [a, b] = [left ?? null, right ?? null].map((value) => (value instanceof Marked ? value.text : value));
  return a === b;
}

function firstOrLast(args: readonly unknown[], holds: (value: unknown) => boolean): unknown {
  const index = args.findIndex(holds);
  return index < 0 ? args.at(-1) : args[index];
}

export const logicHelpers: Record<string, HelperSpec> = {
  eq: { usage: 'eq a b', min: 2, max: 2, run: ([a, b]) => isEqual(a, b) },
  ne: { usage: 'ne a b', min: 2, max: 2, run: ([a, b]) => !isEqual(a, b) },
  // As in JavaScript these give one of their values, so that (or (and x "yes") "no") chooses between two texts.
  and: { usage: 'and a b …', min: 2, max: 16, run: (args) => firstOrLast(args, (value) => !isTrue(value)) },
  or: { usage: 'or a b …', min: 2, max: 16, run: (args) => firstOrLast(args, isTrue) },
  not: { usage: 'not a', min: 1, max: 1, run: ([a]) => !isTrue(a) },
  default: {
    usage: 'default value other …',
    min: 2,
    max: 16,
    // false and 0 are values; only what would print as nothing gives way.
    run: (args) => args.find((value) => value !== undefined && value !== null && value !== '') ?? args.at(-1),
  },
};
