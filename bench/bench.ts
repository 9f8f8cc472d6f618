import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeLog } from './data.ts';
import { measure } from './measure.ts';
import type { Measurement, MeasureOptions } from './measure.ts';
import type { Receiver } from './receiver.ts';
import type { Row, Section } from './report.ts';
import type { Subject } from './subjects/subject.ts';

export interface BenchOptions {
  dir: string;
  receiver: Receiver;
  rounds: number;
  /** Overrides what a mode would take. */
  events: number | undefined;
  /** Path of the Fluent Bit binary. */
  fluentBit: string | undefined;
  progress: (text: string) => void;
}

/** What is to be found out: one file in `modes` and one line in `modes.ts`. */
export interface Mode {
  name: string;
  /** One line for `--help`. */
  about: string;
  run(bench: Bench): Promise<Section>;
}

/** What a mode works with. */
export class Bench {
  readonly #options: BenchOptions;
  readonly receiver: Receiver;
  readonly rounds: number;
  readonly fluentBit: string | undefined;
  #log: { path: string; count: number } | undefined;

  constructor(options: BenchOptions) {
    this.#options = options;
    this.receiver = options.receiver;
    this.rounds = options.rounds;
    this.fluentBit = options.fluentBit;
  }

  /** How many events to take where the mode would take `usual`. */
  events(usual: number): number {
    return this.#options.events ?? usual;
  }

  /** A path in the temporary folder. */
  path(name: string): string {
    return join(this.#options.dir, name);
  }

  progress(text: string): void {
    this.#options.progress(text);
  }

  /** A log of so many lines; only the last one asked for is kept. */
  async log(count: number): Promise<string> {
    if (this.#log?.count === count) return this.#log.path;
    if (this.#log !== undefined) rmSync(this.#log.path);
    const path = this.path(`audit-${count}.log`);
    await writeLog(path, count);
    this.#log = { path, count };
    return path;
  }

  /** Runs A B C A B C …, so that what drifts on the machine drifts for all of them. */
  async interleave<S extends { name: string }, T>(
    subjects: readonly S[],
    run: (subject: S, round: number) => Promise<T>,
    show: (result: T) => string,
  ): Promise<Array<Row<T>>> {
    const rows = subjects.map(({ name }): Row<T> => ({ name, results: [] }));
    for (let round = 0; round < this.rounds; round += 1) {
      for (const [i, subject] of subjects.entries()) {
        const result = await run(subject, round);
        rows[i]?.results.push(result);
        this.progress(`round ${round + 1} of ${this.rounds}, ${subject.name}: ${show(result)}`);
      }
    }
    return rows;
  }

  /** Every subject on the same log, interleaved; throws when an event is missing. */
  async deliver(
    subjects: readonly Subject[],
    events: number,
    options: MeasureOptions = {},
  ): Promise<Array<Row<Measurement>>> {
    const log = await this.log(events);
    return this.interleave(
      subjects,
      (subject) => measure(subject, this.receiver, { dir: this.path('run'), log }, events, options),
      showRate,
    );
  }
}

export function showRate({ eventsPerS, cpuUsPerEvent }: Measurement): string {
  return `${Math.round(eventsPerS)} events/s, ${cpuUsPerEvent.toFixed(1)} µs CPU each`;
}

/** One figure of each round. */
export function column<T>(row: Row<T> | undefined, pick: (result: T) => number): number[] {
  return row === undefined ? [] : row.results.map(pick);
}

/** Of the rows whose name begins so, the best value of each round. */
export function best<T>(
  rows: ReadonlyArray<Row<T>>,
  names: readonly string[],
  pick: (result: T) => number,
): number[] {
  const peers = rows.filter(({ name }) => names.some((prefix) => name.startsWith(prefix)));
  const [first] = peers;
  if (first === undefined) return [];
  return first.results.map((_, round) => Math.max(...peers.map(({ results }) => pick(results[round] as T))));
}
