import type { Readable } from 'node:stream';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import {
  type Decoder,
  type Intake,
  maxRejectHeadBytes,
  type Source,
  type SourceHealth,
} from '../core/source.ts';
import {
  cutFinalLine,
  cutLines,
  emptyHarvest,
  EventIds,
  type Harvest,
  laneOf,
  type LineRules,
  rejectOf,
} from './lines.ts';

const runKey = 'run';
const newline = 0x0a;

export interface StdinSourceOptions {
  name: string;
  maxLineBytes: number;
}

export interface StdinSourceDeps {
  decode: Decoder;
  /** A byte stream, without an encoding set. */
  input: Readable;
  logger: Logger;
}

/**
 * Reads events line by line from a stream. What was read from a pipe cannot be read again, so each run counts
 * its own offsets: the number of the run, kept as the checkpoint, keeps the ids of different runs apart.
 */
export function createStdinSource(options: StdinSourceOptions, deps: StdinSourceDeps): Source {
  return new StdinSource(options, deps);
}

class StdinSource implements Source {
  readonly name: string;
  readonly ended: Promise<void>;
  readonly #options: StdinSourceOptions;
  readonly #deps: StdinSourceDeps;
  readonly #end: () => void;
  #starting: Promise<void> | null = null;
  #running: Promise<void> | null = null;
  #stopping = false;
  #finished = false;
  #problem = 'not started';
  /** Bytes of the line that has no newline yet; of one that is too long only the head. */
  #partial: Buffer = Buffer.alloc(0);
  /** Size of that line so far. */
  #partialBytes = 0;
  /** Place of that line in the stream. */
  #offset = 0;
  #waitingBytes = 0;

  constructor(options: StdinSourceOptions, deps: StdinSourceDeps) {
    this.name = options.name;
    this.#options = options;
    this.#deps = deps;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
  }

  start(intake: Intake): Promise<void> {
    this.#starting ??= this.#start(intake);
    return this.#starting;
  }

  async #start(intake: Intake): Promise<void> {
    const run = Number((await intake.checkpoints()).get(runKey) ?? 0) + 1;
    const { decode } = this.#deps;
    const { name, maxLineBytes } = this.#options;
    const ids = new EventIds(laneOf(name, 'run', run));
    const rules: LineRules = { decode, maxLineBytes, ids, label: name };
    const checkpoints = [[runKey, String(run)]] as const;
    await intake.accept({ ...emptyHarvest(), checkpoints });
    if (this.#stopping) return;
    this.#problem = '';
    this.#running = this.#run(intake, rules);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (!this.#finished) this.#deps.input.destroy();
    await this.#running;
  }

  health(): SourceHealth {
    const reading = this.#problem === '' && !this.#stopping;
    return { reading, detail: this.#problem, lagBytes: this.#waitingBytes };
  }

  async #run(intake: Intake, rules: LineRules): Promise<void> {
    try {
      for await (const chunk of this.#deps.input as AsyncIterable<Buffer>) {
        if (this.#stopping) return;
        const harvest = this.#cut(chunk, rules);
        await this.#accept(intake, harvest);
      }
      if (this.#stopping) return;
      const harvest = emptyHarvest();
      this.#cutLast(rules, harvest);
      await this.#accept(intake, harvest);
      this.#problem = 'the input has ended';
      this.#end();
    } catch (error) {
      // Stopping destroys the input and refuses what is still on its way: that is no failure.
      if (this.#stopping) return;
      this.#problem = messageOf(error);
      this.#deps.logger.error({ source: this.name, error: this.#problem }, 'reading the input failed');
      this.#end();
    } finally {
      this.#finished = true;
    }
  }

  async #accept(intake: Intake, harvest: Harvest): Promise<void> {
    if (harvest.events.length + harvest.rejects.length + harvest.skipped === 0) return;
    await intake.accept({ ...harvest, checkpoints: [] });
    this.#waitingBytes = this.#partialBytes;
  }

  #cut(chunk: Buffer, rules: LineRules): Harvest {
    const harvest = emptyHarvest();
    this.#waitingBytes = this.#partialBytes + chunk.length;
    let rest = chunk;
    if (this.#partialBytes > 0) {
      const end = chunk.indexOf(newline) + 1;
      if (end === 0) {
        this.#keep(chunk);
        return harvest;
      }
      // The line that was begun is closed by itself, so that the rest needs no copying.
      const begun = this.#partialBytes;
      this.#keep(chunk.subarray(0, end));
      if (this.#isTooLong(1)) this.#rejectLong(rules, harvest, this.#partialBytes - 1);
      else cutLines(this.#partial.subarray(0, begun + end), 0, begun + end, this.#offset, rules, harvest);
      this.#offset += this.#partialBytes;
      this.#partialBytes = 0;
      rest = chunk.subarray(end);
    }
    const end = cutLines(rest, 0, rest.length, this.#offset, rules, harvest);
    this.#offset += end;
    if (end < rest.length) this.#keep(rest.subarray(end));
    return harvest;
  }

  /** Adds to the begun line; doubles its room when needed, and keeps no more than a valid line can have. */
  #keep(bytes: Buffer): void {
    const limit = Math.max(maxRejectHeadBytes, this.#options.maxLineBytes + 3);
    const needed = Math.min(limit, this.#partialBytes + bytes.length);
    if (this.#partial.length < needed) {
      const grown = Buffer.allocUnsafeSlow(Math.min(limit, Math.max(needed, 2 * this.#partial.length)));
      this.#partial.copy(grown, 0, 0, Math.min(this.#partialBytes, this.#partial.length));
      this.#partial = grown;
    }
    if (this.#partialBytes < limit)
      bytes.copy(this.#partial, this.#partialBytes, 0, needed - this.#partialBytes);
    this.#partialBytes += bytes.length;
  }

  #isTooLong(newlineBytes: number): boolean {
    return this.#partialBytes - newlineBytes > this.#options.maxLineBytes + 2;
  }

  #rejectLong(rules: LineRules, harvest: Harvest, sizeBytes: number): void {
    harvest.rejects.push(rejectOf('too_long', rules, this.#offset, this.#partial, sizeBytes));
  }

  #cutLast(rules: LineRules, harvest: Harvest): void {
    if (this.#partialBytes === 0) return;
    if (this.#isTooLong(0)) this.#rejectLong(rules, harvest, this.#partialBytes);
    else cutFinalLine(this.#partial, 0, this.#partialBytes, this.#offset, rules, harvest, false);
    this.#offset += this.#partialBytes;
    this.#partialBytes = 0;
  }
}
