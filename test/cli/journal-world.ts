import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import type { IncomingEvent } from '../../src/core/event.ts';
import { redecode } from '../../src/core/formats/decoder.ts';
import type { DeliveryRecord, DeliveryState, FailedAttempt } from '../../src/core/journal.ts';
import { lockStateDir } from '../../src/journal/lock.ts';
import { SqliteJournal } from '../../src/journal/sqlite-journal.ts';
import { configFile, fliptLine } from './world.ts';

export const journalConfig = `
sources:
  - { name: flipt, type: file, path: audit.log, format: flipt }
sinks:
  - name: slack
    url: http://127.0.0.1:1/very-secret
    events: ["flag:*"]
    match: { payload.namespace_key: [default, prod-*] }
    sources: [flipt]
    body: '{"text": "{{payload.key}}"}'
  - name: plain
    url: http://127.0.0.1:1/
  - name: idle
    url: http://127.0.0.1:1/
    events: ["segment:*"]
`;

/** A journal as a daemon would have left it, written through the daemon's own class. */
export class JournalWorld {
  readonly config: string;
  readonly journal: SqliteJournal;
  #seqs = new Map<string, number>();

  /** `sinks` are those the daemon has run with. */
  static async create(t: TestContext, sinks: readonly string[] = ['slack', 'plain']): Promise<JournalWorld> {
    const world = new JournalWorld(t);
    for (const sink of sinks) await world.journal.openSink(sink, 0);
    return world;
  }

  private constructor(t: TestContext) {
    this.config = configFile(t, journalConfig);
    const stateDir = join(dirname(this.config), 'state');
    const lock = lockStateDir(stateDir);
    this.journal = new SqliteJournal(stateDir, { clock: systemClock, onStall: () => {} });
    t.after(async () => {
      await this.journal.close();
      lock[Symbol.dispose]();
    });
  }

  /** Accepts flag events with these keys; a key is also the event's id. */
  async accept(keys: readonly string[], text: (key: string) => string = fliptLine): Promise<void> {
    const events = keys.map((key): IncomingEvent => {
      const line = text(key);
      return { event: redecode('flipt', key, 'flipt', line), format: 'flipt', text: line };
    });
    const { seqs } = await this.journal.append(
      'flipt',
      { events, rejects: [], skipped: 0, checkpoints: [] },
      null,
    );
    for (const [i, key] of keys.entries()) this.#seqs.set(key, seqs[i] as number);
  }

  /** Records what became of an event at a sink, with as many failed attempts as given. */
  async record(
    sink: string,
    key: string,
    state: DeliveryState,
    failures: ReadonlyArray<Partial<FailedAttempt>> = [],
  ): Promise<void> {
    const seq = this.#seqs.get(key) as number;
    const now = Date.now();
    const failedAttempts = failures.map((failure): FailedAttempt => ({
      seq,
      at: now,
      durationMs: 12,
      status: null,
      errorClass: 'network',
      reason: 'network: refused',
      reply: '',
      ...failure,
    }));
    const last = failedAttempts.at(-1);
    const record: DeliveryRecord = {
      seq,
      state,
      attempts: failures.length + (state === 'delivered' ? 1 : 0),
      firstAttemptAt: now,
      updatedAt: now,
      nextAttemptAt: state === 'retrying' ? now + 60_000 : null,
      startedActiveMs: 0,
      status: state === 'delivered' ? 200 : (last?.status ?? null),
      reason: state === 'delivered' ? null : (last?.reason ?? null),
      durationMs: 12,
    };
    const cursor = Math.max(...this.#seqs.values());
    await this.journal.record([{ sink, cursor, activeMs: 0, deliveries: [record], failedAttempts }]);
  }
}
