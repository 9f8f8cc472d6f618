import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Tracing } from '../core/tracing.ts';

/**
 * Tracing, if the standard `OTEL_*` variables ask for it: an OTLP endpoint or an exporter is named, and nothing
 * says that it be off. Otherwise null, and nothing of it is loaded.
 */
export async function createTracing(
  env: NodeJS.ProcessEnv,
  deps: { logger: Logger; clock: Clock },
): Promise<Tracing | null> {
  if (!isWanted(env)) return null;
  const { startTracing } = await import('../telemetry/start.ts');
  return startTracing(env, deps);
}

function isWanted(env: NodeJS.ProcessEnv): boolean {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false;
  const exporter = env['OTEL_TRACES_EXPORTER']?.trim() ?? '';
  if (exporter === 'none') return false;
  return (
    exporter !== '' ||
    (env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '') !== '' ||
    (env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? '') !== ''
  );
}
