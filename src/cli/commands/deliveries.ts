import { deliveryDetailView, deliveryView, eventView } from '../../admin/views.ts';
import { systemClock } from '../../core/clock.ts';
import { AuditsinkError } from '../../core/errors.ts';
import { deliveryPage } from '../../core/delivery-page.ts';
import type { DeliveryQuery, History, ListedDelivery } from '../../core/history.ts';
import type { DeliveryState, StoredEvent } from '../../core/journal.ts';
import { SqliteHistory } from '../../journal/sqlite-history.ts';
import { requireConfig, type LoadedConfig } from '../config-option.ts';
import { deliveryHeading, deliveryLine, deliveryRow, explained } from '../delivery-text.ts';
import { followDeliveries } from '../follow-deliveries.ts';
import { untilInterrupted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { counted } from '../plural.ts';
import { paintFor } from '../style.ts';
import { table } from '../table.ts';

export interface DeliveriesOptions {
  config: string;
  sink?: string;
  state?: DeliveryState[];
  /** Wall ms. */
  since?: number;
  /** Wall ms. */
  until?: number;
  id?: string;
  limit: number;
  follow?: boolean;
  json?: boolean;
}

/** What became of events, out of the journal, beside a running daemon or without one. */
export async function deliveries(io: Io, options: DeliveriesOptions): Promise<number> {
  if (options.id !== undefined && options.follow === true) {
    throw new AuditsinkError('usage', '--id and --follow exclude each other');
  }
  const loaded = await requireConfig(io, options.config);
  const history = new SqliteHistory(loaded.config.stateDir);
  try {
    requireKnownSink(options.sink, loaded, history);
    if (options.id !== undefined) return explain(io, options.id, options, loaded, history);
    if (options.follow === true) return await follow(io, options, history);
    return list(io, options, history);
  } finally {
    history.close();
  }
}

/** A sink that left the config may still have a history, so only one that nobody knows is refused. */
function requireKnownSink(sink: string | undefined, { plans }: LoadedConfig, history: History): void {
  if (sink === undefined || plans.some(({ config }) => config.name === sink)) return;
  const known = history.sinks().map((overview) => overview.sink);
  if (known.includes(sink)) return;
  const names = new Set([...plans.map(({ config }) => config.name), ...known]);
  throw new AuditsinkError(
    'usage',
    `there is no sink ${JSON.stringify(sink)}: there are ${[...names].join(', ')}`,
  );
}

function list(io: Io, options: DeliveriesOptions, history: History): number {
  const { deliveries: found, nextBeforeSeq } = deliveryPage(history, queryOf(options));
  if (options.json === true) {
    for (const delivery of found) io.stdout.write(`${JSON.stringify(deliveryView(delivery))}\n`);
    return 0;
  }
  if (found.length === 0) {
    io.stdout.write('no deliveries\n');
    return 0;
  }
  const paint = paintFor(io.stdout, io.env);
  const eventOf = eventReader(history);
  const now = Date.now();
  const rows = found.map((delivery) => deliveryRow(delivery, eventOf(delivery), now, paint));
  io.stdout.write(table(deliveryHeading, rows, paint));
  if (nextBeforeSeq !== null) {
    io.stderr.write(
      `there are more than ${counted(options.limit, 'delivery', 'deliveries')}; see --limit and --since\n`,
    );
  }
  return 0;
}

async function follow(io: Io, options: DeliveriesOptions, history: History): Promise<number> {
  using interrupt = untilInterrupted(io);
  const paint = paintFor(io.stdout, io.env);
  const eventOf = eventReader(history);
  await followDeliveries(history, queryOf(options), {
    clock: systemClock,
    signal: interrupt.signal,
    onDelivery(delivery) {
      io.stdout.write(
        options.json === true
          ? `${JSON.stringify(deliveryView(delivery))}\n`
          : `${deliveryLine(delivery, eventOf(delivery), paint)}\n`,
      );
    },
  });
  return 0;
}

/** `id` is an event's, or `event@sink` as the API writes it. */
function explain(
  io: Io,
  id: string,
  options: DeliveriesOptions,
  { plans }: LoadedConfig,
  history: History,
): number {
  const [eventId = '', sinkOfId] = id.split('@');
  const sink = options.sink ?? sinkOfId;
  const details = history.detail(eventId, sink);
  const event = history.event(eventId);
  if (event === undefined) {
    io.stderr.write(
      `auditsink: the journal has no event ${eventId}: not read, rejected, or past retention; ids are given in full\n`,
    );
    return 1;
  }
  if (options.json === true) {
    const view = { event: eventView(event), deliveries: details.map(deliveryDetailView) };
    io.stdout.write(`${JSON.stringify(view, null, 2)}\n`);
    return 0;
  }
  const sinks = plans.map(({ config }) => config).filter(({ name }) => sink === undefined || name === sink);
  io.stdout.write(explained(event, details, sinks, Date.now(), paintFor(io.stdout, io.env)));
  return 0;
}

function queryOf({ sink, state, since, until, limit }: DeliveriesOptions): DeliveryQuery {
  return {
    limit: Math.max(1, limit),
    ...(sink === undefined ? {} : { sink }),
    ...(state === undefined ? {} : { states: state }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

function eventReader(history: History): (delivery: ListedDelivery) => StoredEvent | undefined {
  return ({ eventId, sink }) => history.detail(eventId, sink)[0]?.event;
}
