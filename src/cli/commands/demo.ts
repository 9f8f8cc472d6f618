import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Daemon } from '../../app/daemon.ts';
import { configError, loadPlans } from '../../app/load.ts';
import type { SinkPlan } from '../../app/sink-plan.ts';
import type { Config, FileSourceConfig } from '../../config/config.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { formatDuration } from '../../core/duration.ts';
import { AuditsinkError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { createMetrics, type Metrics } from '../../core/metrics.ts';
import { auditLine, logLine } from '../demo/flipt-log.ts';
import { Narrator } from '../demo/narrator.ts';
import { aborted, untilInterrupted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { counted } from '../plural.ts';
import { Receiver } from '../receiver/receiver.ts';
import { paintFor } from '../style.ts';
import { waitFor } from '../wait-for.ts';

export interface DemoOptions {
  /** End after so many events; without it the demo goes on until it is interrupted. */
  events?: number;
  /** Between two events, ms. */
  interval: number;
  port: number;
}

/** The sink that fails at its first event; its place among the sinks of the example. */
const flakySink = 1;
const failedAnswers = 2;
/** Every so many audit lines one of Flipt's own log lines stands between them. */
const logLineEvery = 3;
const lookMs = 50;

const exampleFile = fileURLToPath(new URL('../../../config.example.yaml', import.meta.url));

/**
 * The real daemon on config.example.yaml, with what it needs around it: a log that grows, a receiver that
 * verifies and sometimes fails. Nothing leaves the machine, and nothing stays behind. 0 when every event was
 * delivered, 1 when a delivery died.
 */
export async function demo(io: Io, options: DemoOptions): Promise<number> {
  const clock = systemClock;
  // Without the environment: the demo must not find real webhooks, nor a proxy on the way to the receiver.
  const loaded = await loadPlans(exampleFile, {}, clock);
  if (!loaded.ok) throw configError(loaded.problems);
  await using stack = new AsyncDisposableStack();
  const interrupt = stack.use(untilInterrupted(io));
  const dir = await mkdtemp(join(tmpdir(), 'auditsink-demo-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const log = join(dir, 'audit.log');
  await writeFile(log, '');

  const sinks = loaded.plans.filter(({ config }) => config.enabled);
  const names = sinks.map(({ config }) => config.name);
  const narrator = new Narrator({ output: io.stdout, paint: paintFor(io.stdout, io.env), sinks: names });
  const receiver = createReceiver(sinks, narrator, options.port);
  stack.defer(() => receiver.stop());
  const origin = await receiver.start();

  const metrics = createMetrics();
  const config = demoConfig(loaded.config, dir, log);
  const daemon = await Daemon.start(
    config,
    sinks.map((plan) => demoPlan(plan, origin, narrator)),
    {
      clock,
      rng: Math.random,
      logger: quietLogger(io),
      metrics,
      env: {},
      stdin: io.stdin,
      tracing: null,
    },
  );
  stack.defer(() => daemon.stop());
  introduce(io, { log, origin, flaky: names[flakySink], daemon, options });

  const over = interrupt.signal;
  const writing = writeEvents(log, options, clock, over);
  await Promise.race([
    watch(daemon, narrator, options, clock, over),
    writing.then(() => aborted(over)),
    daemon.failed,
  ]);
  await stack.disposeAsync();
  io.stdout.write(summary(narrator, metrics, config));
  return narrator.counts.dead === 0 ? 0 : 1;
}

/** The example's config, moved into the temporary folder and onto free ports. */
function demoConfig(config: Config, dir: string, log: string): Config {
  const source = config.sources.find((candidate): candidate is FileSourceConfig => candidate.type === 'file');
  if (source === undefined) throw new AuditsinkError('failed', `${exampleFile} has no file source`);
  return {
    ...config,
    stateDir: join(dir, 'state'),
    admin: { host: '127.0.0.1', port: 0, token: null },
    sources: [{ ...source, path: log, startAt: 'beginning' }],
    // What is in flight when Ctrl-C comes takes milliseconds here.
    shutdownGraceMs: 2000,
  };
}

/** A sink of the example, sending to the receiver and telling what its filter says. */
function demoPlan(plan: SinkPlan, origin: string, narrator: Narrator): SinkPlan {
  const { name } = plan.config;
  return {
    ...plan,
    config: { ...plan.config, url: `${origin}/${name}`, proxy: null },
    wants(event) {
      const wanted = plan.wants(event);
      narrator.asked(name, event, wanted);
      return wanted;
    },
  };
}

function createReceiver(sinks: readonly SinkPlan[], narrator: Narrator, port: number): Receiver {
  const byPath = new Map(sinks.map(({ config }) => [`/${config.name}`, config]));
  const flaky = sinks[flakySink]?.config.name;
  let failuresLeft = failedAnswers;
  let unlucky: string | undefined;
  return new Receiver({
    host: '127.0.0.1',
    port,
    delayMs: 0,
    signatureOf: (path) => byPath.get(path)?.signature ?? null,
    answer(received) {
      const sink = byPath.get(received.path);
      if (sink === undefined) return { kind: 'reply', status: 404, body: 'no such sink\n', headers: [] };
      narrator.received(sink.name, received);
      const id = received.headers.get('idempotency-key');
      if (sink.name === flaky) unlucky ??= id;
      if (sink.name === flaky && id === unlucky && failuresLeft > 0) {
        failuresLeft -= 1;
        return { kind: 'reply', status: 503, body: 'down for a moment\n', headers: [] };
      }
      return { kind: 'reply', status: 200, body: 'ok', headers: [] };
    },
    onRequest: () => {},
  });
}

/** Only what is wrong with the daemon itself; the rest is told better by the narrator. */
function quietLogger(io: Io): Logger {
  const quiet = (): void => {};
  return {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (_, message) => void io.stderr.write(`daemon: ${message}\n`),
  };
}

async function writeEvents(
  log: string,
  options: DemoOptions,
  clock: Clock,
  over: AbortSignal,
): Promise<void> {
  for (let n = 0; n < (options.events ?? Number.POSITIVE_INFINITY) && !over.aborted; n += 1) {
    if (n > 0) await waitFor(clock, options.interval, over);
    if (over.aborted) return;
    const now = new Date(clock.now());
    const between = n % logLineEvery === 1 ? logLine(now) : '';
    await appendFile(log, between + auditLine(n, now));
  }
}

/** Tells what the journal records, until all events are settled or the demo is over. */
async function watch(
  daemon: Daemon,
  narrator: Narrator,
  options: DemoOptions,
  clock: Clock,
  over: AbortSignal,
): Promise<void> {
  const history = daemon.operations.history();
  while (!over.aborted && !narrator.isDone(options.events ?? Number.POSITIVE_INFINITY)) {
    for (const { eventId, sink } of narrator.open) {
      for (const detail of history.detail(eventId, sink)) narrator.recorded(detail);
    }
    await waitFor(clock, lookMs, over);
  }
}

function introduce(
  io: Io,
  {
    log,
    origin,
    flaky,
    daemon,
    options,
  }: {
    log: string;
    origin: string;
    flaky: string | undefined;
    daemon: Daemon;
    options: DemoOptions;
  },
): void {
  const admin = daemon.adminAddress;
  const lines = [
    'auditsink demo: the real daemon on config.example.yaml; only the log and the receiver are made up.',
    '',
    `  audit log  ${log}, one event every ${formatDuration(options.interval)}`,
    `  receiver   ${origin}${flaky === undefined ? '' : `, which first answers ${flaky} twice with 503`}`,
    ...(admin === null ? [] : [`  metrics    http://${admin.host}:${admin.port}/metrics`]),
    ...(options.events === undefined ? ['', '  Ctrl-C ends it.'] : []),
  ];
  io.stdout.write(`${lines.join('\n')}\n`);
}

function summary({ counts }: Narrator, metrics: Metrics, config: Config): string {
  const skipped = config.sources.reduce((sum, { name }) => sum + metrics.linesSkipped.with(name).value, 0);
  return `\n${[
    `${counted(counts.events, 'event')} read`,
    `${counted(skipped, 'log line')} skipped`,
    `${counted(counts.delivered, 'delivery', 'deliveries')} made`,
    `${counted(counts.failedAttempts, 'attempt')} failed`,
    `${counts.dead} dead`,
  ].join(', ')}. Nothing is left behind.\n`;
}
