import { hash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { IncomingEvent, JsonValue } from '../../core/event.ts';

/** A sender's repeat after a lost answer comes within this; later, the same bytes are a new event. */
const windowMs = 60_000;
/** Bodies remembered; of older ones a repeat is still known until the number of the window changes. */
const maxRemembered = 50_000;

/**
 * Gives an event the id by which its repeats are known: the journal ignores an id it already holds. Senders
 * with an id of their own are known by it for as long as the journal keeps the event; the others by their
 * bytes within a window, because a test button sends the same bytes each time it is pressed.
 */
export class RepeatIds {
  readonly #clock: Clock;
  readonly #prefix: string;
  /** When the bytes of a hash were first seen, oldest first. */
  readonly #firstSeen = new Map<string, number>();

  constructor(source: string, clock: Clock) {
    this.#clock = clock;
    this.#prefix = hash('sha256', source, 'hex').slice(0, 8);
  }

  /** `webhookId` is the header of that name, which stays the same over the attempts of Standard Webhooks. */
  idOf(incoming: IncomingEvent, webhookId: string | undefined): string {
    const key = webhookId === undefined ? ownKey(incoming) : `webhook-id ${webhookId}`;
    if (key !== undefined) return `${this.#prefix}-${digest(key)}`;
    return this.#idOfBytes(digest(incoming.text));
  }

  #idOfBytes(bytes: string): string {
    const now = this.#clock.now();
    let first = this.#firstSeen.get(bytes);
    if (first === undefined || Math.abs(now - first) >= windowMs) {
      first = now;
      this.#firstSeen.delete(bytes);
      this.#firstSeen.set(bytes, now);
      this.#forget(now);
    }
    // The window's number makes the id the same again when we are restarted within it.
    const window = Math.floor(first / windowMs)
      .toString(16)
      .padStart(8, '0');
    return `${this.#prefix}-${window}-${bytes}`;
  }

  #forget(now: number): void {
    for (const [bytes, at] of this.#firstSeen) {
      if (this.#firstSeen.size <= maxRemembered && now - at < windowMs) return;
      this.#firstSeen.delete(bytes);
    }
  }
}

/** What the sender itself tells its events apart by, if anything. */
function ownKey({ event, format, text }: IncomingEvent): string | undefined {
  const { raw } = event;
  // Flipper calls it the idempotency key.
  if (format === 'flipper' && isId(raw['delivery_id'])) return `flipper ${raw['delivery_id']}`;
  // Ids begin again with a new database; the time they were made at does not.
  if (format === 'unleash' && isId(raw['id'])) return `unleash ${raw['id']} ${event.timestamp}`;
  // It retries for 14 hours, and the body has the time of the event in it.
  if (format === 'rollgate' && event.timestamp !== '') return `rollgate ${text}`;
  return undefined;
}

function isId(value: JsonValue | undefined): value is string | number {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}

function digest(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}
