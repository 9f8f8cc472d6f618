import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Tracing } from '../core/tracing.ts';
import { tracingSettings } from './settings.ts';

/** Loads the SDK and starts tracing as the environment says; null, with a line in the log, where it cannot. */
export async function startTracing(
  env: NodeJS.ProcessEnv,
  deps: { logger: Logger; clock: Clock },
): Promise<Tracing | null> {
  const { logger } = deps;
  const settings = tracingSettings(env);
  if (settings.kind === 'off') {
    logger.warn({ reason: settings.reason }, 'tracing is off');
    return null;
  }
  try {
    const { OtelTracing } = await import('./otel-tracing.ts');
    return new OtelTracing(settings, deps);
  } catch (error) {
    // Such as packages that were left out of the installation: deliveries matter more than their traces.
    logger.warn({ reason: error instanceof Error ? error.message : String(error) }, 'tracing is off');
    return null;
  }
}
