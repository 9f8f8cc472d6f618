import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Timer } from '../../src/core/clock.ts';
import type { Logger } from '../../src/core/logger.ts';
import { createMetrics } from '../../src/core/metrics.ts';
import { FileTail } from '../../src/sources/file/file-tail.ts';
import { type Files, nodeFiles } from '../../src/sources/file/files.ts';
import { decodeJson, MemoryIntake } from './memory-intake.ts';

/** Time that moves only when told to. */
export class FakeClock implements Clock {
  #ms = 1_000_000;
  readonly #timers = new Map<object, { at: number; run: () => void }>();

  now(): number {
    return 1_700_000_000_000 + this.#ms;
  }

  monotonic(): number {
    return this.#ms;
  }

  after(delayMs: number, run: () => void): Timer {
    const key = {};
    this.#timers.set(key, { at: this.#ms + delayMs, run });
    return { clear: () => void this.#timers.delete(key) };
  }

  pass(ms: number): void {
    this.#ms += ms;
    for (const [key, timer] of this.#timers) {
      if (timer.at > this.#ms) continue;
      this.#timers.delete(key);
      timer.run();
    }
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }
}

export class RecordingLogger implements Logger {
  readonly warnings: string[] = [];
  debug(): void {}
  info(): void {}
  warn(_fields: Record<string, unknown>, msg: string): void {
    this.warnings.push(msg);
  }
  error(_fields: Record<string, unknown>, msg: string): void {
    this.warnings.push(msg);
  }
}

export interface TailSettings {
  path?: string;
  startAt?: 'beginning' | 'end';
  maxLineBytes?: number;
  files?: Files;
}

/** A folder, a clock held in hand, an intake, and a tail that can be restarted on it. */
export class World implements AsyncDisposable {
  readonly dir: string;
  readonly clock = new FakeClock();
  readonly logger = new RecordingLogger();
  readonly metrics = createMetrics();
  intake = new MemoryIntake();
  #settings: TailSettings = {};
  #tail: FileTail | null = null;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async make(): Promise<World> {
    return new World(await mkdtemp(join(tmpdir(), 'auditsink-tail-')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.dir, { recursive: true, force: true });
  }

  path(name = 'audit.log'): string {
    return join(this.dir, name);
  }

  get tail(): FileTail {
    if (this.#tail === null) throw new Error('the tail is not running');
    return this.#tail;
  }

  get lost(): number {
    return this.metrics.bytesLost.with('test').value;
  }

  async start(settings: TailSettings = this.#settings): Promise<void> {
    this.#settings = settings;
    this.#tail = new FileTail(
      {
        name: 'test',
        path: settings.path ?? this.path(),
        startAt: settings.startAt ?? 'beginning',
        maxLineBytes: settings.maxLineBytes ?? 1024 * 1024,
        pollIntervalMs: 250,
      },
      {
        decode: decodeJson,
        clock: this.clock,
        logger: this.logger,
        files: settings.files ?? nodeFiles,
        lost: this.metrics.bytesLost.with('test'),
      },
    );
    await this.#tail.open(this.intake);
  }

  /** Ends the tail where it stands, as a crash does: nothing is written down. */
  async stop(): Promise<void> {
    await this.#tail?.close();
    this.#tail = null;
  }

  /** Everything that can be read is read: polls pass until one finds nothing. */
  async poll(polls = 3): Promise<void> {
    for (let i = 0; i < polls; i += 1) {
      this.clock.pass(250);
      while (await this.tail.tick());
    }
  }

  /** `ms` pass, with some polls at their beginning and at their end. */
  async wait(ms: number): Promise<void> {
    await this.poll(1);
    this.clock.pass(ms / 2);
    await this.poll(1);
    this.clock.pass(ms / 2);
    await this.poll(2);
  }

  /** Numbers of the lines made by {@link line}, in the order in which they were accepted. */
  get numbers(): number[] {
    return this.intake.texts.map((text) => (JSON.parse(text) as { n: number }).n);
  }
}

/** One event line with its newline. */
export function line(n: number, pad = 0): string {
  return `${JSON.stringify({ n, pad: 'x'.repeat(pad) })}\n`;
}

/** Lines `from` to `to`, both included. */
export function lines(from: number, to: number, pad = 0): string {
  let text = '';
  for (let n = from; n <= to; n += 1) text += line(n, pad);
  return text;
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
