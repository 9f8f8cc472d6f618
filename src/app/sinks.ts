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
import { secretsOf } from './sink-secrets.ts';
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
  #stopped = false;

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
   * their cursor; removed and disabled ones stop and keep it; new ones start. Each is exchanged by itself, so that
   * one with a hanging receiver holds up no other. Throws, with nothing changed, when one cannot be made.
   */
  apply(plans: readonly SinkPlan[]): Promise<unknown> {
    const wanted = new Map(
      plans.filter(({ config }) => config.enabled).map((plan) => [plan.config.name, plan]),
    );
    const arriving = [...wanted.values()]
      .map((plan) => ({ plan, fingerprint: fingerprintOf(plan) }))
      .filter(({ plan, fingerprint }) => this.#running.get(plan.config.name)?.fingerprint !== fingerprint)
      .map(({ plan, fingerprint }) => ({ plan, fingerprint, dispatcher: this.#create(plan) }));
    const leaving = [...this.#running.keys()].filter((name) => !wanted.has(name));
    this.#plans = plans;
    return Promise.all([
      ...leaving.map((name) => this.#remove(name)),
      ...arriving.map((running) => this.#exchange(running)),
    ]);
  }

  /** Pauses and replays that another process put into the journal. */
  async refresh(): Promise<void> {
    await Promise.all(this.dispatchers.map((dispatcher) => dispatcher.refresh()));
  }

  /** Starts nothing more, no exchange either; resolves when no attempt is under way. */
  async drain(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.dispatchers.map((dispatcher) => dispatcher.drain()));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.dispatchers.map((dispatcher) => dispatcher.stop()));
  }

  async #remove(name: string): Promise<void> {
    await this.#retire(name);
    this.#forgetMetrics(name);
  }

  async #exchange(running: RunningSink): Promise<void> {
    const { config } = running.plan;
    await this.#retire(config.name);
    if (this.#stopped) return;
    this.#running.set(config.name, running);
    await running.dispatcher.start(config.startFrom === 'beginning' ? 0 : this.#deps.feed.lastSeq);
  }

  async #retire(name: string): Promise<void> {
    const old = this.#running.get(name);
    if (old === undefined) return;
    // Bounded by the attempts' own timeout.
    await old.dispatcher.drain();
    await old.dispatcher.stop();
    this.#running.delete(name);
  }

  #create(plan: SinkPlan): Dispatcher {
    const { clock, env, tracing } = this.#deps;
    const { config } = plan;
    return new Dispatcher(
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
  const { timeoutMs } = policy;
  return new HttpTransport({ url, method, tls, proxy, timeoutMs, env, clock, secrets: secretsOf(config) });
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
