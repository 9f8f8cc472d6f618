import type { Clock } from '../core/clock.ts';
import { deliveryPage } from '../core/delivery-page.ts';
import type { DeliveryQuery, History, ListedDelivery } from '../core/history.ts';
import { waitFor } from './wait-for.ts';

const lookMs = 300;

export interface FollowDeps {
  clock: Clock;
  signal: AbortSignal;
  onDelivery: (delivery: ListedDelivery) => void;
}

/**
 * Tells of the newest `query.limit` deliveries, oldest of them first, and then of every new record and of every change to one
 * that is not settled, until the signal aborts. Each is told as it stands when looked at.
 */
export async function followDeliveries(
  history: History,
  query: DeliveryQuery,
  deps: FollowDeps,
): Promise<void> {
  const told = new Map<string, string>();
  let newest = 0;
  const remember = (delivery: ListedDelivery): void => {
    newest = Math.max(newest, delivery.seq);
    told.set(keyOf(delivery), versionOf(delivery));
  };
  const tell = (found: readonly ListedDelivery[]): void => {
    for (const delivery of found.toSorted((a, b) => a.updatedAt - b.updatedAt || a.seq - b.seq)) {
      const isNews = told.get(keyOf(delivery)) !== versionOf(delivery);
      remember(delivery);
      if (isNews) deps.onDelivery(delivery);
    }
  };
  const before = changes(history, query, Number.MAX_SAFE_INTEGER, told);
  const latest = before.toSorted((a, b) => b.seq - a.seq).slice(0, query.limit);
  for (const delivery of before) if (!latest.includes(delivery)) remember(delivery);
  tell(latest);
  while (!deps.signal.aborted) {
    await waitFor(deps.clock, lookMs, deps.signal);
    tell(changes(history, query, newest, told));
    forgetSettled(told);
  }
}

/** Records after `newest`, a little before it for sinks that lag behind, and whatever is open or was. */
function changes(
  history: History,
  query: DeliveryQuery,
  newest: number,
  told: ReadonlyMap<string, string>,
): ListedDelivery[] {
  const found: ListedDelivery[] = [];
  const page: DeliveryQuery = { ...query, limit: 500 };
  for (let before: number | null | undefined; before !== null;) {
    const next = deliveryPage(history, before === undefined ? page : { ...page, beforeSeq: before });
    found.push(...next.deliveries);
    before = next.nextBeforeSeq !== null && next.nextBeforeSeq > newest ? next.nextBeforeSeq : null;
  }
  const openStates = (['pending', 'retrying'] as const).filter(
    (state) => query.states?.includes(state) ?? true,
  );
  if (openStates.length > 0) found.push(...history.list({ ...page, states: openStates }));
  for (const [key, version] of told) {
    if (!isOpen(version)) continue;
    const [eventId = '', sink] = key.split('@');
    found.push(...history.detail(eventId, sink));
  }
  return [...new Map(found.map((delivery) => [keyOf(delivery), delivery])).values()];
}

function keyOf({ eventId, sink }: ListedDelivery): string {
  return `${eventId}@${sink}`;
}

function versionOf({ state, updatedAt, attempts }: ListedDelivery): string {
  return `${state} ${updatedAt} ${attempts}`;
}

function isOpen(version: string): boolean {
  return version.startsWith('pending') || version.startsWith('retrying');
}

/** More than a page of what is settled need not be remembered: it is not listed again. */
function forgetSettled(told: Map<string, string>): void {
  const most = 5000;
  if (told.size <= most) return;
  for (const [key, version] of told) {
    if (told.size <= most) return;
    if (!isOpen(version)) told.delete(key);
  }
}
