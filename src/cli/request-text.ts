import type { TestReport } from '../core/operations.ts';
import { printable, printableLine } from './printable.ts';
import type { Paint } from './style.ts';

/** A request for people, as HTTP would write it but for the path, which is a secret. */
export function requestText(request: NonNullable<TestReport['request']>, paint: Paint): string {
  const { method, host, headers, body } = request;
  return [
    paint('bold', `${method} ${host}/…`),
    ...headers.map(([name, value]) => `${paint('cyan', name)}: ${printableLine(value)}`),
    '',
    printable(body.trimEnd()),
    '',
  ].join('\n');
}
