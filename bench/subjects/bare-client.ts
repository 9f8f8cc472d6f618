import { startHelper } from './program.ts';
import type { Subject } from './subject.ts';

/**
 * The ceiling: an undici client that sends the same lines from memory, with no journal, template or signature
 * around it. With `follow` it also sends what is appended to the log, woken by `fs.watch`.
 */
export function bareClient(connections: number, options: { batch?: number; follow?: boolean } = {}): Subject {
  const { batch = 1, follow = false } = options;
  return {
    name: `bare undici client × ${connections}`,
    start: ({ log, port }) =>
      startHelper('bare-client.ts', [port, log, connections, batch, follow ? 'follow' : 'once']),
  };
}
