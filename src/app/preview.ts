import type { Clock } from '../core/clock.ts';
import type { IncomingEvent } from '../core/event.ts';
import type { TestReport } from '../core/operations.ts';
import type { SinkPlan } from './sink-plan.ts';
import { createRequestMaker } from './sinks.ts';
import { maskedHeaders } from './test-send.ts';

/** The request a sink would make for one event now, or why it would make none. */
export type Preview =
  | { ok: true; request: NonNullable<TestReport['request']> }
  | { ok: false; reason: string };

/** Renders and signs without sending. The host is all that is told of the URL, and credentials are masked. */
export function preview(plan: SinkPlan, incoming: IncomingEvent, clock: Clock): Preview {
  const maker = createRequestMaker(plan, clock);
  // The names of samples hold dots, which Standard Webhooks does not allow in an id.
  const id = incoming.event.id.replaceAll('.', '-');
  const event = { ...incoming, event: { ...incoming.event, id }, seq: 0, acceptedAt: clock.now() };
  const rendered = maker.render(event);
  if (!rendered.ok) return rendered;
  const { headers, body } = maker.request([event], [rendered.body]);
  const { method, url } = plan.config;
  return { ok: true, request: { method, host: new URL(url).host, headers: maskedHeaders(headers), body } };
}
