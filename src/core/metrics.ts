/**
 * Counters kept as plain numbers, so that counting costs nothing on the way of an event and a scrape never
 * touches storage. `admin` turns them into the exposition format.
 */
export class Counter {
  value = 0;
  inc(by = 1): void {
    this.value += by;
  }
}

/** A value that is set, or read at scrape time through `read`. */
export class Gauge {
  value = 0;
  read: (() => number) | undefined;
  set(value: number): void {
    this.value = value;
  }
  get current(): number {
    return this.read === undefined ? this.value : this.read();
  }
}

/** A histogram with fixed upper bounds in seconds. */
export class Distribution {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length }, () => 0);
  }

  observe(seconds: number): void {
    this.sum += seconds;
    this.count += 1;
    const { bounds } = this;
    for (let i = 0; i < bounds.length; i += 1) {
      if (seconds <= (bounds[i] as number)) {
        (this.counts[i] as number)++;
        return;
      }
    }
  }
}

export type MetricKind = 'counter' | 'gauge' | 'histogram';

/** One metric name with its label combinations, each created on first use and kept. */
export class Family<T extends Counter | Gauge | Distribution> {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly labels: readonly string[];
  readonly #make: () => T;
  readonly #children = new Map<string, { values: readonly string[]; metric: T }>();

  constructor(kind: MetricKind, name: string, help: string, labels: readonly string[], make: () => T) {
    this.kind = kind;
    this.name = name;
    this.help = help;
    this.labels = labels;
    this.#make = make;
  }

  /** The child for these label values; callers on the hot path keep it. */
  with(...values: string[]): T {
    const key = values.join('\u0000');
    const found = this.#children.get(key);
    if (found !== undefined) return found.metric;
    const metric = this.#make();
    this.#children.set(key, { values, metric });
    return metric;
  }

  /** Forgets every child whose first label is `value`: its source or sink is gone. */
  drop(value: string): void {
    for (const [key, child] of this.#children) if (child.values[0] === value) this.#children.delete(key);
  }

  children(): Iterable<{ values: readonly string[]; metric: T }> {
    return this.#children.values();
  }
}

const latencyBounds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600,
];

const counters = (name: string, help: string, labels: string[]): Family<Counter> =>
  new Family('counter', name, help, labels, () => new Counter());
const gauges = (name: string, help: string, labels: string[]): Family<Gauge> =>
  new Family('gauge', name, help, labels, () => new Gauge());
const histograms = (name: string, help: string, labels: string[]): Family<Distribution> =>
  new Family('histogram', name, help, labels, () => new Distribution(latencyBounds));

/** Every metric of the outside contract, by its use. Names and labels are in DESIGN and must not change. */
export function createMetrics() {
  return {
    eventsRead: counters('auditsink_events_read_total', 'Events accepted into the journal.', ['source']),
    eventsRejected: counters(
      'auditsink_events_rejected_total',
      'Lines or bodies that could not be an event, kept among the rejects of the journal.',
      ['source', 'reason'],
    ),
    linesSkipped: counters('auditsink_lines_skipped_total', 'Log lines that are no audit lines.', ['source']),
    bytesLost: counters(
      'auditsink_source_lost_bytes_total',
      'Bytes that were deleted or truncated before they could be read.',
      ['source'],
    ),
    sourceLag: gauges('auditsink_source_lag_bytes', 'Bytes written to the log and not yet accepted.', [
      'source',
    ]),
    deliveries: counters(
      'auditsink_deliveries_total',
      'Deliveries by how they ended: delivered, dead, filtered.',
      ['sink', 'outcome'],
    ),
    eventsPruned: counters(
      'auditsink_sink_events_pruned_total',
      'Events that retention removed before the sink read them: it was disabled or removed meanwhile.',
      ['sink'],
    ),
    attempts: counters(
      'auditsink_attempts_total',
      'HTTP requests made, by status code or by error class (network, timeout, dns, tls).',
      ['sink', 'code'],
    ),
    attemptDuration: histograms('auditsink_attempt_duration_seconds', 'Duration of one HTTP request.', [
      'sink',
    ]),
    deliveryLatency: histograms('auditsink_delivery_latency_seconds', 'From accepted to delivered.', [
      'sink',
    ]),
    sinkPending: gauges('auditsink_sink_pending', 'Deliveries not yet settled.', ['sink']),
    sinkOldestPending: gauges(
      'auditsink_sink_oldest_pending_seconds',
      'Age of the oldest unsettled delivery.',
      ['sink'],
    ),
    sinkPaused: gauges('auditsink_sink_paused', '1 while the sink is held, by reason.', ['sink', 'reason']),
    journalBytes: gauges('auditsink_journal_bytes', 'Size of the journal on disk.', []),
    journalMaxBytes: gauges(
      'auditsink_journal_max_bytes',
      'Size of the journal at which reading waits for room.',
      [],
    ),
    configReloadSuccess: gauges(
      'auditsink_config_reload_success',
      '1 if the last config load succeeded.',
      [],
    ),
    buildInfo: gauges('auditsink_build_info', 'Always 1; the version is in the label.', ['version']),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
