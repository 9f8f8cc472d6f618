import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pause } from './pause.ts';

/** How the watched process stood when so many events had arrived completely. */
export interface Sample {
  complete: number;
  /** Milliseconds of the system's monotonic clock. */
  atMs: number;
  cpuUs: number;
  residentMb: number;
}

export interface ReceiverStats {
  port: number;
  /** Events that arrived as often as was asked for. */
  complete: number;
  /** All events, repeats too. */
  events: number;
  requests: number;
  inOrder: boolean;
  /** At the first request, and each time another tenth of the events was complete. */
  samples: Sample[];
  lastAt: number;
  /** How long answers really waited. */
  meanDelayMs: number;
  /** CPU time of the receiver itself since the reset. */
  cpuUs: number;
}

export type ReceiverCommand =
  | {
      kind: 'reset';
      /** Numbers 0 to `events` - 1 are expected. */
      events: number;
      /** How often each of them: once for each sink. */
      copies: number;
      /** Several events in one body. */
      batched: boolean;
      /** Keep the time of each event's arrival. */
      arrivals: boolean;
      delayMs: number;
    }
  | { kind: 'watch'; pid: number }
  | { kind: 'stats' }
  | { kind: 'arrivals' };

export type Expectation = Partial<Omit<Extract<ReceiverCommand, { kind: 'reset' }>, 'kind'>> & {
  events: number;
};

/** Nothing new for so long means that nothing more will come. */
const patienceMs = 30_000;

/** The receiver, as its parent sees it. */
export class Receiver {
  readonly #child: ChildProcess;
  port = 0;

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    const [stats] = (await once(receiver.#child, 'message')) as [ReceiverStats];
    receiver.port = stats.port;
    return receiver;
  }

  private constructor() {
    this.#child = fork(fileURLToPath(new URL('processes/receiver.ts', import.meta.url)));
  }

  /** Forgets what came and expects this now. */
  async expect(expectation: Expectation): Promise<void> {
    await this.#ask({
      kind: 'reset',
      copies: 1,
      batched: false,
      arrivals: false,
      delayMs: 0,
      ...expectation,
    });
  }

  /** Samples this process from its first request on. */
  async watch(pid: number): Promise<void> {
    await this.#ask({ kind: 'watch', pid });
  }

  stats(): Promise<ReceiverStats> {
    return this.#ask({ kind: 'stats' }) as Promise<ReceiverStats>;
  }

  /** When each event first came, in ms of the system's monotonic clock; 0 for none. */
  arrivals(): Promise<number[]> {
    return this.#ask({ kind: 'arrivals' }) as Promise<number[]>;
  }

  /** Resolves when `events` are complete; rejects when nothing new came for half a minute, or `alive` turns false. */
  async waitFor(events: number, alive: () => boolean): Promise<ReceiverStats> {
    let last = -1;
    let lastChange = performance.now();
    for (;;) {
      const stats = await this.stats();
      if (stats.complete >= events) return stats;
      if (!alive()) throw new Error(`it ended when ${stats.complete} of ${events} events had arrived`);
      if (stats.events !== last) {
        last = stats.events;
        lastChange = performance.now();
      } else if (performance.now() - lastChange > patienceMs) {
        throw new Error(`only ${stats.complete} of ${events} events arrived`);
      }
      await pause(25);
    }
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  async #ask(command: ReceiverCommand): Promise<unknown> {
    const answer = once(this.#child, 'message');
    this.#child.send(command);
    const [value] = (await answer) as [unknown];
    return value;
  }
}
