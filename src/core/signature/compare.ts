import { Buffer } from 'node:buffer';
import { timingSafeEqual } from 'node:crypto';

/** Whether two texts are equal, in a time that depends only on their lengths. */
export function equalText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Whether `candidate` is one of `expected`; all are compared, so that the time does not tell which. */
export function matchesAny(candidate: string, expected: readonly string[]): boolean {
  let found = false;
  for (const value of expected) found = equalText(candidate, value) || found;
  return found;
}
