import type { SourceConfig } from '../config/config.ts';
import type { Intake, Source, SourceHealth } from '../core/source.ts';

interface RunningSource {
  fingerprint: string;
  source: Source;
}

/** The sources at work, and their exchange when the config changes. */
export class SourceSet {
  readonly #create: (config: SourceConfig) => Source;
  readonly #intakeOf: (name: string) => Intake;
  readonly #running = new Map<string, RunningSource>();

  constructor(create: (config: SourceConfig) => Source, intakeOf: (name: string) => Intake) {
    this.#create = create;
    this.#intakeOf = intakeOf;
  }

  /**
   * Makes these the sources: unchanged ones are left alone, changed ones stop and go on from their checkpoint. An
   * http source starts anew before the old one stops, so that no sender is refused in between.
   */
  async apply(configs: readonly SourceConfig[]): Promise<void> {
    const wanted = new Map(configs.map((config) => [config.name, config]));
    const leaving: Source[] = [];
    for (const [name, { source, fingerprint }] of this.#running) {
      const next = wanted.get(name);
      if (next !== undefined && JSON.stringify(next) === fingerprint) continue;
      this.#running.delete(name);
      if (next?.type === 'http') leaving.push(source);
      else await source.stop();
    }
    for (const config of configs) {
      if (this.#running.has(config.name)) continue;
      const source = this.#create(config);
      await source.start(this.#intakeOf(config.name));
      this.#running.set(config.name, { fingerprint: JSON.stringify(config), source });
    }
    await Promise.all(leaving.map((source) => source.stop()));
  }

  /** Resolves when every source came to its end by itself. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ source }) => source.ended));
  }

  health(): Array<SourceHealth & { name: string }> {
    return [...this.#running].map(([name, { source }]) => ({ name, ...source.health() }));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ source }) => source.stop()));
  }
}
