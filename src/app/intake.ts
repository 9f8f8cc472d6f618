import { diffChanges } from '../core/changes.ts';
import type { AuditEvent, JournaledEvent, JsonValue } from '../core/event.ts';
import type { Journal, StateOf } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Metrics } from '../core/metrics.ts';
import type { Intake } from '../core/source.ts';
import type { Feed } from '../delivery/feed.ts';
import { RejectLog } from './reject-log.ts';

export interface IntakeDeps {
  journal: Journal;
  feed: Feed;
  logger: Logger;
  metrics: Metrics;
  /** Resolves when the journal has room; undefined when it has some now. */
  room: () => Promise<void> | undefined;
  /** The state to keep for `previous` and `changes`; null while no template asks for it. */
  stateOf: () => StateOf | null;
}

/** The way into the journal for one source: commits, counts, and makes what was committed readable to the sinks. */
export function createIntake(source: string, deps: IntakeDeps): Intake {
  const { journal, feed, metrics } = deps;
  const eventsRead = metrics.eventsRead.with(source);
  const rejectLog = new RejectLog(deps.logger, source);
  const linesSkipped = metrics.linesSkipped.with(source);
  return {
    checkpoints: () => journal.checkpoints(source),
    async accept(batch) {
      for (let room = deps.room(); room !== undefined; room = deps.room()) await room;
      const { seqs, previous, acceptedAt } = await journal.append(source, batch, deps.stateOf());
      linesSkipped.inc(batch.skipped);
      for (const reject of batch.rejects) {
        metrics.eventsRejected.with(source, reject.reason).inc();
        rejectLog.rejected(reject);
      }

      const accepted: JournaledEvent[] = [];
      for (const [i, incoming] of batch.events.entries()) {
        const seq = seqs[i] as number;
        if (seq === 0) continue; // The journal held it already.
        withPrevious(incoming.event, previous[i] ?? null);
        const { event, format, text } = incoming;
        accepted.push({ event, format, text, seq, acceptedAt });
      }
      eventsRead.inc(accepted.length);
      if (accepted.length > 0) feed.append(accepted);
      // Somebody waits for the answer to what is durable; a log waits for the sinks as long as it may.
      await (batch.durable === true ? journal.sync() : feed.room());
    },
  };
}

/** Gives the event what is known of its thing before it, and the difference. */
export function withPrevious(event: AuditEvent, previous: string | null): AuditEvent {
  if (previous === null) return event;
  const before = JSON.parse(previous) as JsonValue;
  event.previous = before;
  // What is left of a deleted thing is its key: all else would show as changed.
  event.changes = event.action === 'deleted' ? [] : diffChanges(before, event.payload);
  return event;
}
