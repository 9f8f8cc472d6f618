import { explainMatch } from '../app/explain-match.ts';
import type { SinkConfig } from '../config/config.ts';
import { formatDuration } from '../core/duration.ts';
import type { AuditEvent } from '../core/event.ts';
import { redecode } from '../core/formats/decoder.ts';
import { redactForDisplay } from '../core/formats/redact.ts';
import type { DeliveryDetail, ListedDelivery } from '../core/history.ts';
import type { DeliveryState, FailedAttempt, StoredEvent } from '../core/journal.ts';
import { eventTitle } from './event-title.ts';
import { counted } from './plural.ts';
import { cut, printable, printableLine } from './printable.ts';
import type { Paint, Style } from './style.ts';
import { relative, timestamp } from './when.ts';

const stateStyles: Record<DeliveryState, Style> = {
  pending: 'blue',
  retrying: 'yellow',
  delivered: 'green',
  dead: 'red',
};
const maxReason = 60;

export const deliveryHeading = ['UPDATED', 'SINK', 'STATE', 'ATTEMPTS', 'EVENT', 'ID', 'RESULT'];

/** One row under {@link deliveryHeading}; `event` is what the journal holds of it. */
export function deliveryRow(
  delivery: ListedDelivery,
  event: StoredEvent | undefined,
  now: number,
  paint: Paint,
): string[] {
  return [
    relative(delivery.updatedAt, now),
    delivery.sink,
    paint(stateStyles[delivery.state], delivery.state),
    String(delivery.attempts),
    event === undefined ? '' : eventTitle(normalForm(event)),
    delivery.eventId,
    resultText(delivery, now),
  ];
}

/** The same on one line of its own, for following; the time is absolute, since the line stays. */
export function deliveryLine(delivery: ListedDelivery, event: StoredEvent | undefined, paint: Paint): string {
  const [, sink, state, attempts, ...rest] = deliveryRow(delivery, event, delivery.updatedAt, paint);
  const tries = delivery.attempts > 1 ? `${attempts} attempts` : '';
  return [paint('dim', timestamp(delivery.updatedAt)), sink, state, ...rest, tries]
    .filter((cell) => cell !== '')
    .join('  ');
}

function resultText(
  { state, status, reason, durationMs, nextAttemptAt }: ListedDelivery,
  now: number,
): string {
  const parts = [
    reason === null ? (status === null ? '' : `HTTP ${status}`) : cut(printableLine(reason), maxReason),
    durationMs === null ? '' : formatDuration(durationMs),
    state === 'retrying' ? `next ${relative(nextAttemptAt, now)}` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** One event and all that became of it. */
export function explained(
  event: StoredEvent,
  details: readonly DeliveryDetail[],
  sinks: readonly SinkConfig[],
  now: number,
  paint: Paint,
): string {
  const normal = normalForm(event);
  const body = JSON.stringify(redactForDisplay(normal.raw), null, 2);
  const lines = [
    paint('bold', eventTitle(normal)),
    `  id        ${event.id}`,
    `  source    ${event.source} (${event.format})`,
    `  accepted  ${timestamp(event.acceptedAt)} (${relative(event.acceptedAt, now)})`,
    ...printable(body)
      .split('\n')
      .map((line) => `  ${line}`),
  ];
  const byName = new Map(details.map((detail) => [detail.sink, detail]));
  const names = new Set([...sinks.map(({ name }) => name), ...byName.keys()]);
  for (const name of names) {
    const config = sinks.find((sink) => sink.name === name);
    lines.push('', ...sinkLines(name, config, normal, byName.get(name), now, paint));
  }
  return `${lines.join('\n')}\n`;
}

function sinkLines(
  name: string,
  config: SinkConfig | undefined,
  event: AuditEvent,
  detail: DeliveryDetail | undefined,
  now: number,
  paint: Paint,
): string[] {
  const conditions = config === undefined ? [] : explainMatch(config, event);
  const wanted = conditions.every(({ holds }) => holds);
  const lines = [`${paint('bold', name)}  ${stateText(detail, wanted, now, paint)}`];
  if (config === undefined) lines.push('  this sink is not in the config any more');
  for (const { holds, condition } of conditions) {
    lines.push(`  ${holds ? paint('green', '✓') : paint('red', '✗')} ${printableLine(condition)}`);
  }
  for (const [i, failure] of (detail?.failures ?? []).entries())
    lines.push(...failureLines(i, failure, paint));
  return lines;
}

function stateText(detail: DeliveryDetail | undefined, wanted: boolean, now: number, paint: Paint): string {
  if (detail === undefined)
    return wanted ? paint('blue', 'not tried yet') : paint('dim', 'not for this sink');
  const { state, attempts, updatedAt, durationMs, status, reason } = detail;
  const parts = [paint(stateStyles[state], state)];
  if (attempts > 0) parts.push(`after ${counted(attempts, 'attempt')}`);
  if (state === 'delivered') parts.push(`HTTP ${status}`, formatDuration(durationMs ?? 0));
  parts.push(`${timestamp(updatedAt)} (${relative(updatedAt, now)})`);
  if (reason !== null) parts.push(printableLine(reason));
  if (state === 'retrying') parts.push(`next attempt ${relative(detail.nextAttemptAt, now)}`);
  return parts.join(', ');
}

function failureLines(i: number, failure: FailedAttempt, paint: Paint): string[] {
  const { at, durationMs, errorClass, reason, reply } = failure;
  const head = `  failure ${i + 1}  ${timestamp(at)}  ${errorClass}, ${printableLine(reason)}, ${formatDuration(durationMs)}`;
  const lines = reply.trimEnd() === '' ? [] : printable(reply.trimEnd()).split('\n');
  return [paint('yellow', head), ...lines.map((line) => `    ${line}`)];
}

function normalForm({ source, id, format, text }: StoredEvent): AuditEvent {
  return redecode(source, id, format, text);
}
