import type { DeliveryQuery, History, ListedDelivery } from './history.ts';

/** A part of a long list, and where the next part begins: to be given as `beforeSeq`, null at the end. */
export interface DeliveryPage {
  deliveries: ListedDelivery[];
  nextBeforeSeq: number | null;
}

/** More sinks than anyone has. */
const maxSinks = 10_000;

/**
 * At most `query.limit` deliveries, newest first. A page ends between two events and never between two sinks of
 * one, since a page begins at an event; so it is longer than the limit where one event alone has more.
 */
export function deliveryPage(history: History, query: DeliveryQuery): DeliveryPage {
  const found = history.list({ ...query, limit: query.limit + 1 });
  const beyond = found[query.limit];
  if (beyond === undefined) return { deliveries: found, nextBeforeSeq: null };
  const whole = found.filter(({ seq }) => seq > beyond.seq);
  const last = whole.at(-1);
  if (last !== undefined) return { deliveries: whole, nextBeforeSeq: last.seq };
  const deliveries = history.list({ ...query, eventId: beyond.eventId, limit: maxSinks });
  const isLast = history.list({ ...query, beforeSeq: beyond.seq, limit: 1 }).length === 0;
  return { deliveries, nextBeforeSeq: isLast ? null : beyond.seq };
}
