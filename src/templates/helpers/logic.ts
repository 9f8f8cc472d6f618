import type { HelperSpec } from '../helper.ts';
import { Marked } from '../marked.ts';

/** What `{{#if}}` takes for true: not false, null, missing, 0, empty text or an empty list. */
function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value instanceof Marked ? value.text !== '' : Boolean(value);
}

/** Missing and null are equal, so that `(eq payload.x null)` holds for a denied event too. */
function isEqual(left: unknown, right: unknown): boolean {
  const [a, b] = [left ?? null, right ?? null].map((value) => (value instanceof Marked ? value.text : value));
  return a === b;
}

export const logicHelpers: Record<string, HelperSpec> = {
  eq: { usage: 'eq a b', min: 2, max: 2, run: ([a, b]) => isEqual(a, b) },
  ne: { usage: 'ne a b', min: 2, max: 2, run: ([a, b]) => !isEqual(a, b) },
  and: { usage: 'and a b …', min: 2, max: 16, run: (args) => args.every(isTrue) },
  or: { usage: 'or a b …', min: 2, max: 16, run: (args) => args.some(isTrue) },
  not: { usage: 'not a', min: 1, max: 1, run: ([a]) => !isTrue(a) },
  default: {
    usage: 'default value other …',
    min: 2,
    max: 16,
    // false and 0 are values; only what would print as nothing gives way.
    run: (args) => args.find((value) => value !== undefined && value !== null && value !== '') ?? args.at(-1),
  },
};
