import { formatDuration } from '../../core/duration.ts';
import type { AuditEvent } from '../../core/event.ts';
import { isObject, textOf } from '../../core/formats/format.ts';
import type { DeliveryDetail } from '../../core/history.ts';
import { eventActor, eventKey } from '../event-title.ts';
import type { Output } from '../io.ts';
import { cut, printableLine } from '../printable.ts';
import type { Received } from '../receiver/receiver.ts';
import type { Paint } from '../style.ts';
import { slackLines } from './slack-text.ts';

interface Followed {
  number: number;
  event: AuditEvent;
  /** Sinks whose filter has spoken. */
  asked: Set<string>;
  /** What the receiver last got from each sink that wants it; null before the first request. */
  owed: Map<string, Received | null>;
  failuresTold: Map<string, number>;
}

/** Tells, readable at a glance, what happens to each event: who gets it, what it became, how it went. */
export class Narrator {
  readonly #output: Output;
  readonly #paint: Paint;
  readonly #sinks: readonly string[];
  readonly #events = new Map<string, Followed>();
  readonly #columns: number;
  readonly counts = { events: 0, delivered: 0, dead: 0, failedAttempts: 0, filtered: 0 };

  constructor(options: { output: Output; paint: Paint; sinks: readonly string[] }) {
    this.#output = options.output;
    this.#paint = options.paint;
    this.#sinks = options.sinks;
    this.#columns = Math.min(options.output.columns ?? 100, 120);
  }

  /** A sink's filter looked at an event. */
  asked(sink: string, event: AuditEvent, wanted: boolean): void {
    let followed = this.#events.get(event.id);
    if (followed === undefined) {
      followed = {
        number: (this.counts.events += 1),
        event,
        asked: new Set(),
        owed: new Map(),
        failuresTold: new Map(),
      };
      this.#events.set(event.id, followed);
      this.#line(`\n${this.#title(followed)}`);
    }
    if (followed.asked.has(sink)) return;
    followed.asked.add(sink);
    if (wanted) {
      followed.owed.set(sink, null);
      return;
    }
    this.counts.filtered += 1;
    this.#line(`${this.#head(followed, sink)}${this.#paint('dim', '– not for this sink')}`);
    this.#forgetIfDone(followed);
  }

  received(sink: string, received: Received): void {
    const id = received.headers.get('idempotency-key') ?? '';
    this.#events.get(id)?.owed.set(sink, received);
  }

  /** Deliveries that are not settled yet, as far as is known. */
  get open(): Array<{ eventId: string; sink: string }> {
    return [...this.#events].flatMap(([eventId, { owed }]) =>
      [...owed.keys()].map((sink) => ({ eventId, sink })),
    );
  }

  /** True once so many events were seen by every sink and are settled. */
  isDone(events: number): boolean {
    return this.counts.events >= events && this.#events.size === 0;
  }

  /** What the journal says of an open delivery. */
  recorded(detail: DeliveryDetail): void {
    const followed = this.#events.get(detail.eventId);
    if (followed === undefined || !followed.owed.has(detail.sink)) return;
    this.#tellFailures(followed, detail);
    if (detail.state === 'delivered') this.#tellDelivered(followed, detail);
    else if (detail.state === 'dead') this.#tellDead(followed, detail);
  }

  #tellFailures(followed: Followed, { sink, failures, nextAttemptAt }: DeliveryDetail): void {
    const told = followed.failuresTold.get(sink) ?? 0;
    followed.failuresTold.set(sink, failures.length);
    for (const [i, failure] of failures.entries()) {
      if (i < told) continue;
      this.counts.failedAttempts += 1;
      const wait =
        i === failures.length - 1 && nextAttemptAt !== null
          ? `, again in ${formatDuration(Math.max(0, nextAttemptAt - failure.at))}`
          : '';
      const text = `✗ attempt ${i + 1}: ${printableLine(failure.reason)}${wait}`;
      this.#line(`${this.#head(followed, sink)}${this.#paint('yellow', text)}`);
    }
  }

  #tellDelivered(followed: Followed, { sink, status, durationMs, attempts }: DeliveryDetail): void {
    const received = followed.owed.get(sink) ?? null;
    const parts = [
      this.#paint('green', '✓ delivered'),
      `HTTP ${status}`,
      formatDuration(durationMs ?? 0),
      this.#signed(received),
      attempts > 1 ? this.#paint('yellow', `at attempt ${attempts}`) : '',
    ];
    this.#line(this.#head(followed, sink) + parts.filter((part) => part !== '').join('  '));
    if (received !== null) this.#message(received);
    this.counts.delivered += 1;
    this.#settled(followed, sink);
  }

  #tellDead(followed: Followed, { sink, reason }: DeliveryDetail): void {
    const text = `✗ dead: ${printableLine(reason ?? '')}`;
    this.#line(`${this.#head(followed, sink)}${this.#paint('red', text)}`);
    this.counts.dead += 1;
    this.#settled(followed, sink);
  }

  #settled(followed: Followed, sink: string): void {
    followed.owed.delete(sink);
    this.#forgetIfDone(followed);
  }

  #forgetIfDone({ asked, owed, event }: Followed): void {
    if (asked.size === this.#sinks.length && owed.size === 0) this.#events.delete(event.id);
  }

  #signed(received: Received | null): string {
    if (received === null || received.signature === null) return '';
    return received.signature.ok
      ? this.#paint('green', 'signed ✓')
      : this.#paint('red', `signed ✗ ${received.signature.reason}`);
  }

  #message({ body }: Received): void {
    const text = body.toString();
    const lines = slackLines(text, this.#paint) ?? [text.replaceAll(/\s*\n\s*/g, ' ')];
    for (const line of lines) {
      // A styled line is left whole: cutting could lose the end of the style.
      const shown = line.includes('\u001b[') ? line : cut(printableLine(line), this.#columns - 6);
      this.#line(`    ${this.#paint('dim', '│')} ${shown}`);
    }
  }

  #title({ number, event }: Followed): string {
    const { type, action, status, payload } = event;
    const namespace = isObject(payload) ? textOf(payload['namespace_key']) : '';
    return [
      this.#paint('bold', `#${number}  ${printableLine(`${type} ${action}`)}`),
      this.#paint('cyan', printableLine(eventKey(event))),
      namespace === '' ? '' : `in ${printableLine(namespace)}`,
      `by ${printableLine(eventActor(event))}`,
      status === 'denied' ? this.#paint('red', 'denied') : '',
    ]
      .filter((part) => part !== '')
      .join('  ');
  }

  #head({ number }: Followed, sink: string): string {
    const width = Math.max(...this.#sinks.map((name) => name.length));
    return `  ${this.#paint('dim', `#${number}`)} ${sink.padEnd(width)}  `;
  }

  #line(text: string): void {
    this.#output.write(`${text}\n`);
  }
}
