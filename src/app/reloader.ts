import { watchConfigFiles } from '../config/watch.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Metrics } from '../core/metrics.ts';
import { formatProblem } from '../core/problem.ts';
import type { Daemon } from './daemon.ts';
import { loadPlans } from './load.ts';

export interface ReloaderDeps {
  file: string;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  daemon: Daemon;
}

/** Brings a changed config to the daemon: when its files change, and on demand. A broken one changes nothing. */
export class Reloader {
  readonly #deps: ReloaderDeps;
  #watcher: ReturnType<typeof watchConfigFiles> | null = null;
  /** Reloads follow each other; each reads the files as they are when its turn comes. */
  #last: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: ReloaderDeps) {
    this.#deps = deps;
  }

  watch(files: readonly string[]): void {
    this.#watcher = watchConfigFiles(files, () => void this.reload('file change'));
  }

  reload(trigger: string): Promise<void> {
    this.#last = this.#last.then(() => this.#reload(trigger));
    return this.#last;
  }

  /** Takes up no further change. A reload under way may still wait for a receiver: see {@link settled}. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#watcher?.close();
  }

  /** Resolves when no reload is under way; once the daemon stops, none waits for long. */
  settled(): Promise<void> {
    return this.#last;
  }

  async #reload(trigger: string): Promise<void> {
    if (this.#stopped) return;
    const { file, env, clock, logger, metrics, daemon } = this.#deps;
    const gauge = metrics.configReloadSuccess.with();
    try {
      const loaded = await loadPlans(file, env, clock);
      this.#watcher?.setFiles(loaded.files);
      if (!loaded.ok) {
        gauge.set(0);
        logger.error(
          { trigger, problems: loaded.problems.map(formatProblem) },
          'config reload failed: the running config stays as it is',
        );
        return;
      }
      await daemon.reload(loaded.config, loaded.plans);
      gauge.set(1);
      logger.info(
        { trigger, sources: loaded.config.sources.length, sinks: loaded.config.sinks.length },
        'config reloaded',
      );
    } catch (error) {
      gauge.set(0);
      logger.error(
        { trigger, reason: messageOf(error) },
        'config reload failed: the running config stays as it is',
      );
    }
  }
}
