import type { SinkOverview } from '../core/history.ts';
import type { LiveSinkStatus, SinkStatus } from '../core/operations.ts';
import type { SinkPlan } from './sink-plan.ts';

/**
 * Each sink of the config as an operator wants to see it: what the journal knows, and what the dispatcher knows
 * where one is running.
 */
export function sinkStatuses(
  plans: readonly SinkPlan[],
  overviews: readonly SinkOverview[],
  live: (sink: string) => LiveSinkStatus | undefined,
): SinkStatus[] {
  const bySink = new Map(overviews.map((overview) => [overview.sink, overview]));
  return plans.map(({ config }) => {
    const overview = bySink.get(config.name);
    const now = live(config.name);
    const holds = now?.holds ?? (overview?.paused === true ? ['manual' as const] : []);
    const failedLast = (overview?.lastFailureAt ?? 0) > (overview?.lastSuccessAt ?? 0);
    return {
      sink: config.name,
      state: stateOf(config.enabled, holds.length > 0, now?.isFailing ?? failedLast),
      holds,
      pending: now?.pending ?? (overview?.unread ?? 0) + (overview?.retrying ?? 0),
      inFlight: now?.inFlight ?? 0,
      retrying: overview?.retrying ?? 0,
      dead: overview?.dead ?? 0,
      oldestPendingAt: now?.oldestPendingAt ?? null,
      lastSuccessAt: overview?.lastSuccessAt ?? null,
      lastFailureAt: overview?.lastFailureAt ?? null,
      lastFailure: overview?.lastFailure ?? null,
    };
  });
}

function stateOf(enabled: boolean, isHeld: boolean, isFailing: boolean): SinkStatus['state'] {
  if (!enabled) return 'disabled';
  if (isHeld) return 'held';
  return isFailing ? 'retrying' : 'healthy';
}
