import type { Clock, Rng } from '../core/clock.ts';
import type { SinkConfig } from '../config/config.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Metrics } from '../core/metrics.ts';
import type { SinkTracer, Tracing } from '../core/tracing.ts';
import { version } from '../core/version.ts';
import { Dispatcher } from '../delivery/dispatcher.ts';
import type { Feed } from '../delivery/feed.ts';
import type { Recorder } from '../delivery/recorder.ts';
import { RequestMaker } from '../delivery/request-maker.ts';
import { HttpTransport } from '../webhook/http-transport.ts';
import type { SinkPlan } from './sink-plan.ts';

export interface SinksDeps {
  journal: Journal;
  feed: Feed;
  recorder: Recorder;
  clock: Clock;
  rng: Rng;
  logger: Logger;
  metrics: Metrics;
  env: NodeJS.ProcessEnv;
  tracing: Tracing | null;
  onBroken: (error: unknown) => void;
}

interface RunningSink {
  plan: SinkPlan;
  fingerprint: string;
  dispatcher: Dispatcher;
}

/** The sinks at work, and their exchange when the config changes. */
export class Sinks {
  readonly #deps: SinksDeps;
  readonly #running = new Map<string, RunningSink>();
  #plans: readonly SinkPlan[] = [];

  constructor(deps: SinksDeps) {
    this.#deps = deps;
  }

  /** Every sink of the config, disabled ones too. */
  get plans(): readonly SinkPlan[] {
    return this.#plans;
  }

  get dispatchers(): Dispatcher[] {
    return [...this.#running.values()].map(({ dispatcher }) => dispatcher);
  }

  plan(sink: string): SinkPlan | undefined {
    return this.#plans.find(({ config }) => config.name === sink);
  }

  dispatcher(sink: string): Dispatcher | undefined {
    return this.#running.get(sink)?.dispatcher;
  }

  /**
   * Makes these the sinks: unchanged ones are left alone; changed ones finish what is under way and go on from
   * their cursor; removed and disabled ones stop and keep it; new ones start.
   */
  async apply(plans: readonly SinkPlan[]): Promise<void> {
    this.#plans = plans;
    const wanted = new Map(
      plans.filter(({ config }) => config.enabled).map((plan) => [plan.config.name, plan]),
    );
    const leaving = [...this.#running.values()].filter(({ plan, fingerprint }) => {
      const next = wanted.get(plan.config.name);
      return next === undefined || fingerprintOf(next) !== fingerprint;
    });
    await Promise.all(leaving.map((running) => this.#retire(running)));
    for (const { plan } of leaving) if (!wanted.has(plan.config.name)) this.#forgetMetrics(plan.config.name);
    const arriving = [...wanted.values()].filter(({ config }) => !this.#running.has(config.name));
    await Promise.all(arriving.map((plan) => this.#start(plan, fingerprintOf(plan))));
  }

  /** Pauses and replays that another process put into the journal. */
  async refresh(): Promise<void> {
    await Promise.all(this.dispatchers.map((dispatcher) => dispatcher.refresh()));
  }

  async drain(): Promise<void> {
    await Promise.all(this.dispatchers.map((dispatcher) => dispatcher.drain()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.dispatchers.map((dispatcher) => dispatcher.stop()));
  }

  async #retire({ plan, dispatcher }: RunningSink): Promise<void> {
    // Bounded by the attempts' own timeout.
    await dispatcher.drain();
    await dispatcher.stop();
    this.#running.delete(plan.config.name);
  }

  async #start(plan: SinkPlan, fingerprint: string): Promise<void> {
    const { feed, clock, env, tracing } = this.#deps;
    const { config } = plan;
    const dispatcher = new Dispatcher(
      {
        sink: config.name,
        policy: config.policy,
        wants: plan.wants,
        maker: createRequestMaker(plan, clock),
        transport: createTransport(config, clock, env),
        tracer: tracing === null ? null : createTracer(config, tracing),
      },
      this.#deps,
    );
    this.#running.set(config.name, { plan, fingerprint, dispatcher });
    await dispatcher.start(config.startFrom === 'beginning' ? 0 : feed.lastSeq);
  }

  #forgetMetrics(sink: string): void {
    const { metrics } = this.#deps;
    metrics.sinkPending.drop(sink);
    metrics.sinkOldestPending.drop(sink);
    metrics.sinkPaused.drop(sink);
  }
}

/** How a plan's events become requests; also for sending a test event outside the daemon. */
export function createRequestMaker(
  { config, template, original, signer }: SinkPlan,
  clock: Clock,
): RequestMaker {
  return new RequestMaker(
    {
      headers: config.headers,
      renderer: template,
      original,
      signer,
      batch: config.policy.batch,
      userAgent: `auditsink/${version}`,
    },
    clock,
  );
}

export function createTransport(config: SinkConfig, clock: Clock, env: NodeJS.ProcessEnv): HttpTransport {
  const { url, method, tls, proxy, policy } = config;
  return new HttpTransport({ url, method, tls, proxy, timeoutMs: policy.timeoutMs, env, clock });
}

function createTracer({ name, method, url }: SinkConfig, tracing: Tracing): SinkTracer {
  const { hostname, port, protocol } = new URL(url);
  return tracing.sink({
    name,
    method,
    host: hostname.replaceAll(/[[\]]/g, ''),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  });
}

/** Equal for two configs of a sink that behave alike; held in memory only, since secrets are part of it. */
function fingerprintOf({ config, template, partials }: SinkPlan): string {
  return JSON.stringify(config) + (template === null ? '' : partials);
}
