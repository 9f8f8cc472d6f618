import type { Clock, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Metrics } from '../../core/metrics.ts';
import type { Decoder, Intake, Source, SourceHealth } from '../../core/source.ts';
import { FileTail } from './file-tail.ts';
import { type Files, nodeFiles } from './files.ts';
import { isGlob } from './survey.ts';
import { Watcher } from './watcher.ts';

/** Between checks of which folders are to be watched. */
const rewatchMs = 5000;

export interface FileSourceOptions {
  name: string;
  /** Absolute path, or a glob (`*`, `?`, `[`, `{` outside a backslash). */
  path: string;
  /** Where reading begins on the very first start; files that appear later are always read from the beginning. */
  startAt: 'beginning' | 'end';
  maxLineBytes: number;
  pollIntervalMs: number;
}

export interface FileSourceDeps {
  decode: Decoder;
  clock: Clock;
  logger: Logger;
  metrics: Pick<Metrics, 'sourceLag' | 'bytesLost'>;
  /** For tests: a file system with faults. */
  files?: Files;
}

/** Follows a file, or the files of a glob, through every kind of rotation; see {@link FileTail}. */
export function createFileSource(options: FileSourceOptions, deps: FileSourceDeps): Source {
  return new FileSource(options, deps);
}

/** The loop around {@link FileTail}: steps while there is something to read, then waits for an event or the poll. */
class FileSource implements Source {
  readonly name: string;
  readonly ended = new Promise<void>(() => {});
  readonly #options: FileSourceOptions;
  readonly #deps: FileSourceDeps;
  readonly #tail: FileTail;
  readonly #watcher: Watcher;
  #starting: Promise<void> | null = null;
  #running: Promise<void> | null = null;
  #stopping = false;
  #awake = false;
  #wake: (() => void) | null = null;
  #rewatchedAt = Number.NEGATIVE_INFINITY;
  #watchedFor: ReadonlySet<string> | null = null;
  #problem = 'not started';

  constructor(options: FileSourceOptions, deps: FileSourceDeps) {
    this.name = options.name;
    this.#options = options;
    this.#deps = deps;
    const files = deps.files ?? nodeFiles;
    const lost = deps.metrics.bytesLost.with(options.name);
    this.#tail = new FileTail(options, { ...deps, files, lost });
    this.#watcher = new Watcher(files, deps.logger, (kind, name) => this.#onEvent(kind, name));
  }

  start(intake: Intake): Promise<void> {
    this.#starting ??= this.#start(intake);
    return this.#starting;
  }

  async #start(intake: Intake): Promise<void> {
    await this.#tail.open(intake);
    if (this.#stopping) return;
    this.#deps.metrics.sourceLag.with(this.name).read = () => this.#tail.lagBytes;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#rouse();
    await this.#running;
  }

  health(): SourceHealth {
    const reading = this.#problem === '' && !this.#stopping;
    return { reading, detail: this.#problem, lagBytes: this.#tail.lagBytes };
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#awake = false;
      const more = await this.#step();
      if (!more && !this.#stopping) await this.#rest();
    }
    this.#watcher.close();
    await this.#tail.close();
  }

  async #step(): Promise<boolean> {
    try {
      const more = await this.#tail.tick();
      this.#tell(
        this.#tail.problems[0] ?? (this.#tail.openFiles > 0 ? '' : `nothing at ${this.#options.path} yet`),
      );
      if (!more) await this.#rewatch();
      return more;
    } catch (error) {
      // The intake ends a source that is being stopped by refusing; anything else is tried again at the next poll.
      if (!this.#stopping) this.#tell(messageOf(error));
      return false;
    }
  }

  async #rewatch(): Promise<void> {
    const now = this.#deps.clock.monotonic();
    const { directories } = this.#tail;
    if (directories === this.#watchedFor && now - this.#rewatchedAt < rewatchMs) return;
    this.#watchedFor = directories;
    this.#rewatchedAt = now;
    if (!(await this.#watcher.update(directories))) return;
    // What happened before the watch began gave no event.
    this.#awake = true;
  }

  async #rest(): Promise<void> {
    if (this.#awake) return;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = this.#deps.clock.after(this.#options.pollIntervalMs, resolve);
    });
    this.#wake = null;
    timer?.clear();
  }

  #rouse(): void {
    this.#awake = true;
    this.#wake?.();
  }

  #onEvent(kind: string, name: string | null): void {
    const role = name === null ? 'rotated' : this.#tail.roleOf(name);
    const renamed = kind === 'rename';
    if (role === 'stranger' && !renamed) return;
    // A file that is followed and grows needs no survey. A name that came or went does; but a stranger's can only
    // matter to a glob, or if it changes what our path leads to, and the path is looked at anyway.
    const survey = role === 'rotated' || (renamed && (role === 'followed' || isGlob(this.#options.path)));
    if (survey) this.#tail.surveySoon();
    this.#rouse();
  }

  #tell(problem: string): void {
    if (problem === this.#problem) return;
    if (problem !== '') this.#deps.logger.warn({ source: this.name, problem }, 'source cannot read');
    else this.#deps.logger.info({ source: this.name, path: this.#options.path }, 'source is reading');
    this.#problem = problem;
  }
}
