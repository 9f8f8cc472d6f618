import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface ReceiverStats {
  port: number;
  /** Different events that arrived. */
  distinct: number;
  /** All of them, repeats too. */
  events: number;
  requests: number;
  inOrder: boolean;
  /** From the first request to the last. */
  elapsedMs: number;
  cpuUs: number;
  arrivals: Array<number | null> | null;
}

/** The receiver, as its parent sees it. */
export class Receiver {
  readonly #child: ChildProcess;
  port = 0;

  static async start(delayMs = 0): Promise<Receiver> {
    const receiver = new Receiver(delayMs);
    await once(receiver.#child, 'message');
    return receiver;
  }

  private constructor(delayMs: number) {
    this.#child = fork(fileURLToPath(new URL('receiver-process.ts', import.meta.url)), [String(delayMs)]);
  }

  async reset(capacity: number, options: { batched?: boolean; arrivals?: boolean } = {}): Promise<void> {
    this.port = (await this.#ask({ reset: capacity, ...options })).port;
  }

  stats(): Promise<ReceiverStats> {
    return this.#ask({});
  }

  /** Waits until `count` different events arrived, or nothing new comes for half a minute. */
  async waitFor(count: number): Promise<ReceiverStats> {
    let last = 0;
    let lastChange = performance.now();
    for (;;) {
      const stats = await this.stats();
      if (stats.distinct >= count) return stats;
      if (stats.distinct !== last) {
        last = stats.distinct;
        lastChange = performance.now();
      } else if (performance.now() - lastChange > 30_000) {
        throw new Error(`only ${last} of ${count} events arrived`);
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  stop(): void {
    this.#child.disconnect();
  }

  async #ask(command: object): Promise<ReceiverStats> {
    const answer = once(this.#child, 'message');
    this.#child.send(command);
    const [stats] = (await answer) as [ReceiverStats];
    return stats;
  }
}
