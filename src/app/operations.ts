import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { History, ReplayQuery } from '../core/history.ts';
import type { Journal } from '../core/journal.ts';
import type { Operations, ReplayReport, SinkStatus, TestReport } from '../core/operations.ts';
import { SqliteHistory } from '../journal/sqlite-history.ts';
import { samplesOf } from './check-samples.ts';
import { replay } from './replay.ts';
import { sinkStatuses } from './sink-status.ts';
import type { Sinks } from './sinks.ts';
import type { SourceSet } from './source-set.ts';
import { sendTest } from './test-send.ts';

export interface DaemonOperationsDeps {
  stateDir: string;
  /** The one in force. */
  config: () => Config;
  journal: Journal;
  sinks: Sinks;
  sources: SourceSet;
  clock: Clock;
  env: NodeJS.ProcessEnv;
}

/** What the admin endpoint sees of the daemon, and does to it. */
export class DaemonOperations implements Operations {
  readonly #deps: DaemonOperationsDeps;
  #history: SqliteHistory | null = null;
  started = false;

  constructor(deps: DaemonOperationsDeps) {
    this.#deps = deps;
  }

  notReady(): string[] {
    if (!this.started) return ['starting'];
    const stalled = this.#deps.journal.stalled();
    const sources = this.#deps.sources.health().filter(({ reading }) => !reading);
    return [
      ...(stalled === null ? [] : [`journal: ${stalled}`]),
      ...sources.map(({ name, detail }) => `source ${name}: ${detail}`),
    ];
  }

  sinks(): SinkStatus[] {
    const { sinks } = this.#deps;
    return sinkStatuses(sinks.plans, this.history().sinks(), (sink) => sinks.dispatcher(sink)?.status());
  }

  history(): History {
    // A connection of its own: a long listing never stands in the way of a commit.
    this.#history ??= new SqliteHistory(this.#deps.stateDir);
    return this.#history;
  }

  async test(sink: string): Promise<TestReport | undefined> {
    const plan = this.#deps.sinks.plan(sink);
    if (plan === undefined) return undefined;
    const [incoming] = samplesOf(plan, this.#deps.config());
    if (incoming === undefined) {
      const reason = 'none of the sample events passes the filter of this sink';
      return { sink, request: null, result: null, verdict: { kind: 'fatal', reason }, explanation: null };
    }
    return sendTest(plan, incoming, this.#deps);
  }

  async setPaused(sink: string, paused: boolean): Promise<boolean> {
    const known = this.history().setPaused(sink, paused);
    await this.#deps.sinks.dispatcher(sink)?.refresh();
    return known;
  }

  async replay(query: ReplayQuery, dryRun: boolean): Promise<ReplayReport | undefined> {
    const plan = this.#deps.sinks.plan(query.sink);
    if (plan === undefined) return undefined;
    const report = await replay(this.history(), plan, query, { dryRun, now: this.#deps.clock.now() });
    if (!dryRun) await this.#deps.sinks.dispatcher(query.sink)?.refresh();
    return report;
  }

  close(): void {
    this.#history?.close();
    this.#history = null;
  }
}
