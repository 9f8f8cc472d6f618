import { createLogger } from '../../admin/logger.ts';
import { Daemon } from '../../app/daemon.ts';
import { configError, loadPlans } from '../../app/load.ts';
import { Reloader } from '../../app/reloader.ts';
import { createTracing } from '../../app/tracing.ts';
import { systemClock } from '../../core/clock.ts';
import { createMetrics } from '../../core/metrics.ts';
import { formatProblem } from '../../core/problem.ts';
import { version } from '../../core/version.ts';
import type { Io } from '../io.ts';

type Ending = { kind: 'signal'; signal: 'SIGTERM' | 'SIGINT' } | { kind: 'finished' };

/**
 * The daemon, until a signal, the end of all sources, or a failure. Resolves to 0 when all sources ended, to 1
 * when a second signal forced the end; a first signal drains and ends with 0, as service managers expect.
 */
export async function run(io: Io, options: { config: string; watch: boolean }): Promise<number> {
  const clock = systemClock;
  const loaded = await loadPlans(options.config, io.env, clock);
  if (!loaded.ok) throw configError(loaded.problems);
  const { config, plans, problems } = loaded;
  const logger = createLogger({ ...config.log, stream: io.stdout });
  for (const problem of problems) logger.warn({ problem: formatProblem(problem) }, 'config warning');

  const ending = Promise.withResolvers<Ending>();
  const force = Promise.withResolvers<number>();
  let signalled = false;
  let reload = (): void => {};
  const onStop = (signal: 'SIGTERM' | 'SIGINT'): void => {
    if (signalled) force.resolve(1);
    signalled = true;
    ending.resolve({ kind: 'signal', signal });
  };
  const onTerm = (): void => onStop('SIGTERM');
  const onInt = (): void => onStop('SIGINT');
  const onHup = (): void => reload();
  // Before anything is started: a signal that nobody hears kills the process, or is lost on process 1.
  io.signals.on('SIGTERM', onTerm);
  io.signals.on('SIGINT', onInt);
  io.signals.on('SIGHUP', onHup);
  const ignoreSignals = (): void => {
    io.signals.off('SIGTERM', onTerm);
    io.signals.off('SIGINT', onInt);
    io.signals.off('SIGHUP', onHup);
  };

  const metrics = createMetrics();
  const tracing = await createTracing(io.env, { logger, clock });
  const daemon = await Daemon.start(config, plans, {
    clock,
    rng: Math.random,
    logger,
    metrics,
    env: io.env,
    stdin: io.stdin,
    tracing,
  }).catch((error: unknown) => {
    ignoreSignals();
    throw error;
  });
  const reloader = new Reloader({ file: options.config, env: io.env, clock, logger, metrics, daemon });
  reload = () => void reloader.reload('SIGHUP');
  if (options.watch) reloader.watch(loaded.files);
  logger.info(
    {
      version,
      pid: process.pid,
      config: config.file,
      sources: config.sources.length,
      sinks: config.sinks.length,
      admin: daemon.adminAddress === null ? 'off' : `${daemon.adminAddress.host}:${daemon.adminAddress.port}`,
    },
    'ready',
  );
  try {
    const finished = daemon.finished().then((): Ending => ({ kind: 'finished' }));
    const ended = await Promise.race([ending.promise, finished, daemon.failed]);
    logger.info(ended.kind === 'signal' ? { signal: ended.signal } : {}, 'stopping');
    const stopped = reloader
      .stop()
      .then(() => daemon.stop())
      .then(() => reloader.settled())
      .then(() => 0);
    const code = await Promise.race([stopped, force.promise]);
    logger.info({}, code === 0 ? 'stopped' : 'stopped by force');
    return code;
  } catch (error) {
    await reloader.stop();
    await daemon.stop(0);
    throw error;
  } finally {
    ignoreSignals();
    await logger.flush();
  }
}
