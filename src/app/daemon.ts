import type { Readable } from 'node:stream';
import { createAdminServer } from '../admin/server.ts';
import type { Config } from '../config/config.ts';
import type { Clock, Rng, Timer } from '../core/clock.ts';
import { redecode } from '../core/formats/decoder.ts';
import { AuditsinkError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Metrics } from '../core/metrics.ts';
import { stateOf } from '../core/state-of.ts';
import type { Tracing } from '../core/tracing.ts';
import { version } from '../core/version.ts';
import { Feed } from '../delivery/feed.ts';
import { Recorder } from '../delivery/recorder.ts';
import { lockStateDir } from '../journal/lock.ts';
import { SqliteJournal } from '../journal/sqlite-journal.ts';
import { createHttpListeners } from '../sources/http/listener.ts';
import { createIntake, withPrevious } from './intake.ts';
import { DaemonOperations } from './operations.ts';
import { Retention } from './retention.ts';
import type { SinkPlan } from './sink-plan.ts';
import { Sinks } from './sinks.ts';
import { SourceSet } from './source-set.ts';
import type { SourceChange } from './source-set.ts';
import { createSource } from './sources.ts';

export interface DaemonDeps {
  clock: Clock;
  rng: Rng;
  logger: Logger;
  metrics: Metrics;
  env: NodeJS.ProcessEnv;
  stdin: Readable;
  /** Stopped by the daemon; null: off. */
  tracing: Tracing | null;
}

/** How often the journal is asked whether another process changed it (a pause, a replay). */
const outsideMs = 500;
/** What of the grace time may go into sending the last traces: a collector that is away is no reason to wait. */
const lastTracesMs = 2000;

/**
 * Everything at work: sources → journal → sinks. `start` takes the state directory and either starts all of it
 * or leaves nothing behind; `stop` drains within the grace time.
 */
export class Daemon {
  readonly #deps: DaemonDeps;
  #config: Config;
  readonly #lock: Disposable;
  readonly #journal: SqliteJournal;
  readonly #feed: Feed;
  readonly #recorder: Recorder;
  readonly #sinks: Sinks;
  readonly #sources: SourceSet;
  readonly #retention: Retention;
  readonly #admin: ReturnType<typeof createAdminServer> | null;
  readonly #operations: DaemonOperations;
  readonly #failed = Promise.withResolvers<never>();
  #poll: Timer | null = null;
  #stopping: Promise<void> | null = null;
  /** Where the admin endpoint listens; null when it is off. */
  adminAddress: { host: string; port: number } | null = null;

  static async start(config: Config, plans: readonly SinkPlan[], deps: DaemonDeps): Promise<Daemon> {
    const daemon = new Daemon(config, deps);
    try {
      await daemon.#start(plans);
      return daemon;
    } catch (error) {
      await daemon.stop(0);
      throw error;
    }
  }

  private constructor(config: Config, deps: DaemonDeps) {
    const { clock, logger, metrics, rng, env, tracing } = deps;
    this.#config = config;
    this.#deps = deps;
    this.#lock = lockStateDir(config.stateDir);
    try {
      this.#journal = new SqliteJournal(config.stateDir, {
        clock,
        onStall: (reason) => this.#onStall(reason),
        onUpgrade: (from, to) => logger.info({ from, to }, 'journal is being upgraded'),
      });
    } catch (error) {
      this.#lock[Symbol.dispose]();
      throw error;
    }
    const journal = this.#journal;
    const onBroken = (error: unknown): void => this.#failed.reject(error);
    // Nobody may be listening when it happens, as while starting.
    this.#failed.promise.catch(() => {});
    this.#feed = new Feed({
      journal,
      clock,
      redecode: ({ source, id, format, text, previous }) =>
        withPrevious(redecode(source, id, format, text), previous),
    });
    this.#recorder = new Recorder({ journal, clock, onBroken });
    this.#sinks = new Sinks({
      journal,
      feed: this.#feed,
      recorder: this.#recorder,
      clock,
      rng,
      logger,
      metrics,
      env,
      tracing,
      onBroken,
    });
    this.#retention = new Retention({
      journal,
      clock,
      logger,
      limits: () => ({
        ...this.#config.journal,
        holdingSinks: this.#sinks.dispatchers.map(({ sink }) => sink),
      }),
    });
    const listeners = createHttpListeners({ clock, logger });
    this.#sources = new SourceSet({
      clock,
      create: (source) => createSource(source, { ...deps, listeners }),
      onNeedsRestart: (source) => logger.warn({ source }, 'this source needs a restart to change'),
      intakeOf: (name) =>
        createIntake(name, {
          journal,
          feed: this.#feed,
          logger,
          metrics,
          room: () => this.#retention.room(),
          stateOf: () => (this.#sinks.plans.some(({ usesPrevious }) => usesPrevious) ? stateOf : null),
        }),
    });
    this.#operations = new DaemonOperations({
      stateDir: config.stateDir,
      config: () => this.#config,
      journal,
      sinks: this.#sinks,
      sources: this.#sources,
      clock,
      env,
    });
    this.#admin =
      config.admin === null
        ? null
        : createAdminServer(config.admin, { operations: this.#operations, metrics, logger, clock });
    metrics.buildInfo.with(version).set(1);
    metrics.configReloadSuccess.with().set(1);
    metrics.journalMaxBytes.with().set(config.journal.maxBytes);
    metrics.journalBytes.with().read = () => journal.usedBytes();
  }

  /** Rejects when the daemon cannot go on; never resolves. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  get operations(): DaemonOperations {
    return this.#operations;
  }

  /** Resolves when every source came to its end and nothing is owed any more, as with a closed stdin. */
  async finished(): Promise<void> {
    await this.#sources.ended();
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.#sinks.dispatchers.every(({ pending }) => pending === 0)) resolve();
        else this.#deps.clock.after(50, look);
      };
      look();
    });
  }

  /** Exchanges what changed. The state directory, the journal's place and the admin address need a restart. */
  async reload(config: Config, plans: readonly SinkPlan[]): Promise<void> {
    for (const key of ['stateDir', 'admin'] as const) {
      if (JSON.stringify(config[key]) !== JSON.stringify(this.#config[key])) {
        this.#deps.logger.warn({ setting: key }, 'this setting needs a restart');
      }
    }
    const sources = await this.#sources.prepare(config.sources);
    const sinks = await this.#applySinks(plans, sources);
    // What needs a restart is still as it was.
    const { stateDir, admin } = this.#config;
    this.#config = { ...config, stateDir, admin };
    this.#deps.metrics.journalMaxBytes.with().set(config.journal.maxBytes);
    await sources.commit();
    await sinks.done;
  }

  /** Begins the exchange of the sinks, or takes back what was prepared for the sources. */
  async #applySinks(plans: readonly SinkPlan[], sources: SourceChange): Promise<{ done: Promise<unknown> }> {
    try {
      const done = this.#sinks.apply(plans);
      done.catch(() => {}); // Heard of where it is awaited.
      return { done };
    } catch (error) {
      await sources.abandon();
      throw error;
    }
  }

  /** Stops reading, lets attempts under way finish for at most `graceMs`, commits and closes. Idempotent. */
  stop(graceMs = this.#config.shutdownGraceMs): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  async #start(plans: readonly SinkPlan[]): Promise<void> {
    // The address first: when it is taken, nothing has begun.
    if (this.#admin !== null) this.adminAddress = await this.#admin.start();
    await this.#sinks.apply(plans);
    await (await this.#sources.prepare(this.#config.sources)).commit();
    this.#retention.start();
    this.#pollOutside();
    this.#operations.started = true;
  }

  async #stop(graceMs: number): Promise<void> {
    const { clock, tracing } = this.#deps;
    const end = clock.monotonic() + graceMs;
    this.#poll?.clear();
    // A source that waits for room, or for a disk, would wait for ever.
    this.#retention.stop();
    this.#journal.giveUpWaiting();
    const grace = Promise.withResolvers<void>();
    const timer = clock.after(graceMs, grace.resolve);
    const stopped = this.#sources.stop();
    await Promise.race([stopped, grace.promise]);
    await Promise.race([this.#sinks.drain(), grace.promise]);
    timer.clear();
    await this.#sinks.stop();
    await this.#admin?.stop();
    this.#operations.close();
    await this.#journal.close();
    this.#lock[Symbol.dispose]();
    await tracing?.stop(Math.max(0, Math.min(lastTracesMs, end - clock.monotonic())));
  }

  #pollOutside(): void {
    this.#poll = this.#deps.clock.after(outsideMs, () => {
      if (!this.#journal.isInPlace()) {
        this.#failed.reject(
          new AuditsinkError(
            'state_dir',
            `the journal was removed from ${this.#config.stateDir} while it was in use`,
          ),
        );
        return;
      }
      const changed = this.#journal.stalled() === null && this.#journal.changedOutside();
      const refreshed = changed ? this.#sinks.refresh() : Promise.resolve();
      refreshed
        .catch((error: unknown) => this.#failed.reject(error))
        .finally(() => {
          if (this.#stopping === null) this.#pollOutside();
        });
    });
  }

  #onStall(reason: string | null): void {
    const { logger } = this.#deps;
    if (reason === null) logger.info({}, 'journal can be written again');
    else logger.error({ reason }, 'journal cannot be written: reading and delivering wait');
  }
}
