import type { IncomingEvent } from '../../src/core/event.ts';
import type { Decoder, Intake, Reject, SourceBatch } from '../../src/core/source.ts';

/**
 * What a journal does for a source, in memory: a batch counts as a whole or not at all, and an event whose id
 * is known already is not taken twice but remembered as a duplicate.
 */
export class MemoryIntake implements Intake {
  readonly events: IncomingEvent[] = [];
  readonly ids = new Set<string>();
  readonly duplicates: string[] = [];
  readonly rejects: Reject[] = [];
  readonly rows = new Map<string, string>();
  skipped = 0;
  commits = 0;
  /** Called before each commit; what it throws refuses the batch. */
  before: ((batch: SourceBatch) => void | Promise<void>) | null = null;
  /** Called after each commit; what it throws is seen by the source, but the commit stands. */
  after: (() => void) | null = null;

  async checkpoints(): Promise<Map<string, string>> {
    return new Map(this.rows);
  }

  async accept(batch: SourceBatch): Promise<void> {
    await this.before?.(batch);
    for (const incoming of batch.events) {
      if (this.ids.has(incoming.event.id)) this.duplicates.push(incoming.event.id);
      this.ids.add(incoming.event.id);
      this.events.push(incoming);
    }
    this.rejects.push(...batch.rejects);
    this.skipped += batch.skipped;
    for (const [key, value] of batch.checkpoints) {
      if (value === null) this.rows.delete(key);
      else this.rows.set(key, value);
    }
    this.commits += 1;
    this.after?.();
  }

  get texts(): string[] {
    return this.events.map((incoming) => incoming.text);
  }
}

/** Any JSON object is an event, `#…` is a line of somebody else's log, the rest is rejected. */
export const decodeJson: Decoder = (text, id) => {
  if (text.startsWith('#')) return { kind: 'skipped' };
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { kind: 'rejected', reason: 'invalid_json' };
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    return { kind: 'rejected', reason: 'not_an_event' };
  const event = {
    id: id(),
    source: 'test',
    version: '',
    type: '',
    action: '',
    metadata: {},
    payload: null,
    timestamp: '',
    status: '',
    raw: {},
  };
  return { kind: 'event', incoming: { event, format: 'json', text } };
};
