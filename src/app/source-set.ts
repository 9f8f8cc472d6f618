import type { SourceConfig } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { AuditsinkError } from '../core/errors.ts';
import type { Intake, Source, SourceHealth } from '../core/source.ts';

/** How long a source that stops may wait for a commit under way; what then comes late is known by its ids. */
const commitMs = 1000;

export interface SourceSetDeps {
  create: (config: SourceConfig) => Source;
  intakeOf: (name: string) => Intake;
  clock: Clock;
  /** This source cannot be changed while it runs; it goes on as it was. */
  onNeedsRestart: (name: string) => void;
}

interface RunningSource {
  type: SourceConfig['type'];
  fingerprint: string;
  source: Source;
  /** Refuses every further batch, and the one under way. */
  revoke: () => void;
}

/** A change of sources of which everything that can fail has been done. */
export interface SourceChange {
  /** Makes the change. */
  commit(): Promise<void>;
  /** Takes back what was done for it. */
  abandon(): Promise<void>;
}

/** The sources at work, and their exchange when the config changes. */
export class SourceSet {
  readonly #deps: SourceSetDeps;
  readonly #running = new Map<string, RunningSource>();

  constructor(deps: SourceSetDeps) {
    this.#deps = deps;
  }

  /**
   * Prepares to make these the sources. What can fail is done here: sources are made, and new http sources listen,
   * beside the old ones, so that no sender is refused in between. Rejects with nothing changed.
   */
  async prepare(configs: readonly SourceConfig[]): Promise<SourceChange> {
    const arriving = configs.flatMap((config) => this.#arrival(config));
    const started: RunningSource[] = [];
    const abandon = async (): Promise<void> => {
      await Promise.all(started.map((one) => this.#stop(one)));
    };
    try {
      for (const { config, running, intake } of arriving) {
        if (config.type !== 'http') continue;
        await running.source.start(intake);
        started.push(running);
      }
    } catch (error) {
      await abandon();
      throw error;
    }
    return { commit: () => this.#commit(configs, arriving), abandon };
  }

  /** Resolves when every source came to its end by itself, also those that came later. */
  async ended(): Promise<void> {
    for (;;) {
      const sources = [...this.#running.values()].map(({ source }) => source);
      await Promise.all(sources.map((source) => source.ended));
      if ([...this.#running.values()].every(({ source }) => sources.includes(source))) return;
    }
  }

  health(): Array<SourceHealth & { name: string }> {
    return [...this.#running].map(([name, { source }]) => ({ name, ...source.health() }));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((one) => this.#stop(one)));
  }

  /** A new or changed source, made but not started; none when it is unchanged or cannot be changed. */
  #arrival(config: SourceConfig): Arrival[] {
    const old = this.#running.get(config.name);
    const fingerprint = JSON.stringify(config);
    if (old?.fingerprint === fingerprint) return [];
    if (old?.type === 'stdin') {
      // Its stream would be closed with it, and cannot be opened again.
      this.#deps.onNeedsRestart(config.name);
      return [];
    }
    const source = this.#deps.create(config);
    const { intake, revoke } = revocable(this.#deps.intakeOf(config.name));
    return [{ config, running: { type: config.type, fingerprint, source, revoke }, intake }];
  }

  async #commit(configs: readonly SourceConfig[], arriving: readonly Arrival[]): Promise<void> {
    const names = new Set(configs.map(({ name }) => name));
    for (const [name, running] of this.#running) {
      if (names.has(name)) continue;
      this.#running.delete(name);
      await this.#stop(running);
    }
    for (const { config, running, intake } of arriving) {
      const old = this.#running.get(config.name);
      this.#running.set(config.name, running);
      if (old !== undefined) await this.#stop(old);
      if (config.type !== 'http') await running.source.start(intake);
    }
  }

  async #stop({ source, revoke }: RunningSource): Promise<void> {
    const timer = this.#deps.clock.after(commitMs, revoke);
    await source.stop();
    timer.clear();
  }
}

interface Arrival {
  config: SourceConfig;
  running: RunningSource;
  intake: Intake;
}

function revocable(intake: Intake): { intake: Intake; revoke: () => void } {
  const revoked = Promise.withResolvers<never>();
  revoked.promise.catch(() => {}); // It is a batch under way that hears of it, if there is one.
  return {
    intake: {
      checkpoints: () => intake.checkpoints(),
      accept: (batch) => Promise.race([intake.accept(batch), revoked.promise]),
    },
    revoke: () => revoked.reject(new AuditsinkError('failed', 'the source is being stopped')),
  };
}
