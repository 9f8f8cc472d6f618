import type { Clock } from '../core/clock.ts';
import { deliveryPage } from '../core/delivery-page.ts';
import type { DeliveryQuery, ReplayQuery } from '../core/history.ts';
import type { DeliveryState } from '../core/journal.ts';
import type { Operations } from '../core/operations.ts';
import type { AdminRequest } from './admin-request.ts';
import { asCount, asFlag, asText, asTexts, asTime, asWords, Parameters } from './parameters.ts';
import { ok, problem, type Reply } from './reply.ts';
import { noSuchSink } from './sinks-api.ts';
import { deliveryDetailView, deliveryView, eventView } from './views.ts';

const states = ['pending', 'retrying', 'delivered', 'dead'] as const satisfies readonly DeliveryState[];
const defaultLimit = 100;
const maxLimit = 1000;
const maxReplayIds = 1000;

export function listDeliveries({ query }: AdminRequest, operations: Operations, clock: Clock): Reply {
  const parameters = Parameters.ofQuery(query);
  const now = clock.now();
  const wanted: DeliveryQuery = {
    limit: parameters.read('limit', asCount(1, maxLimit)) ?? defaultLimit,
    ...given('sink', parameters.read('sink', asText)),
    ...given('states', parameters.read('state', asWords(states))),
    ...given('since', parameters.read('since', asTime(now))),
    ...given('until', parameters.read('until', asTime(now))),
    ...given('beforeSeq', parameters.read('before', asCount(0, Number.MAX_SAFE_INTEGER))),
  };
  const refused = parameters.refusal();
  if (refused !== undefined) return refused;
  const page = deliveryPage(operations.history(), wanted);
  // A sink that left the config may still have a history, so only one that nobody knows is refused.
  if (page.deliveries.length === 0 && wanted.sink !== undefined && !isKnown(wanted.sink, operations)) {
    return noSuchSink(wanted.sink, operations);
  }
  const next = page.nextBeforeSeq === null ? null : String(page.nextBeforeSeq);
  return ok({ deliveries: page.deliveries.map(deliveryView), next });
}

/** By event id, for every sink that has a record of it; or by `<event id>@<sink>`. */
export function showDelivery({ params, query }: AdminRequest, operations: Operations): Reply {
  const refused = Parameters.ofQuery(query).refusal();
  if (refused !== undefined) return refused;
  const id = params['id'] ?? '';
  // No event id of ours and no sink name holds an @.
  const at = id.lastIndexOf('@');
  const found =
    at < 0 ? operations.history().detail(id) : operations.history().detail(id.slice(0, at), id.slice(at + 1));
  const [first] = found;
  if (first === undefined) {
    return problem(
      404,
      'nothing is known of such a delivery: not tried yet, filtered out, or past retention',
    );
  }
  return ok({ event: eventView(first.event), deliveries: found.map(deliveryDetailView) });
}

export async function replayDeliveries(
  { body, query }: AdminRequest,
  operations: Operations,
  clock: Clock,
): Promise<Reply> {
  const parameters = Parameters.ofBody(body);
  if (parameters === undefined) return problem(400, 'the request body must be a JSON object');
  const now = clock.now();
  const sink = parameters.read('sink', asText);
  const dead = parameters.read('dead', asFlag);
  const dryRun = parameters.read('dry_run', asFlag) ?? false;
  const narrowed: Omit<ReplayQuery, 'sink'> = {
    ...given('states', dead === true ? (['dead'] as const) : undefined),
    ...given('since', parameters.read('since', asTime(now))),
    ...given('until', parameters.read('until', asTime(now))),
    ...given('eventIds', parameters.read('ids', asTexts(maxReplayIds))),
  };
  const refused = Parameters.ofQuery(query).refusal() ?? parameters.refusal();
  if (refused !== undefined) return refused;
  if (sink === undefined)
    return problem(400, 'name the sink', { errors: [{ field: 'sink', message: 'is missing' }] });
  if (Object.keys(narrowed).length === 0) {
    return problem(400, 'say which deliveries: "dead": true, "since", "until" or "ids"');
  }
  const report = await operations.replay({ sink, ...narrowed }, dryRun);
  if (report === undefined) return noSuchSink(sink, operations);
  const { matched, owed } = report;
  const answer = ok({ sink, dry_run: dryRun, matched, owed });
  return dryRun ? answer : { ...answer, done: { sink, matched, owed } };
}

function isKnown(sink: string, operations: Operations): boolean {
  return (
    operations.sinks().some((status) => status.sink === sink) ||
    operations
      .history()
      .sinks()
      .some((overview) => overview.sink === sink)
  );
}

/** The field, or nothing where its value is undefined: an absent field does not narrow. */
function given<K extends string, T>(key: K, value: T | undefined): { [name in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [name in K]: T });
}
