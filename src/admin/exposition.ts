import type { Metric, Registry as RegistryType } from '@prometheus-io/client';
// Not the whole package: its collectors, gateway and OpenTelemetry API take 80 ms and 13 MB to load for nothing.
import Registry from '@prometheus-io/client/lib/registry.js';
import {
  type Counter,
  Distribution,
  Gauge,
  type Family,
  type MetricKind,
  type Metrics,
} from '../core/metrics.ts';

/** One sample line; `metricName` where it differs from the family's, as in a histogram. */
export interface Sample {
  labels: Record<string, string | number>;
  value: number;
  metricName?: string;
}

/** A metric that is read when it is scraped. */
export interface MetricSource {
  name: string;
  help: string;
  type: MetricKind;
  values: () => Sample[] | Promise<Sample[]>;
}

export interface Exposition {
  readonly contentType: string;
  /** Everything as it is now, in the Prometheus text format 0.0.4. */
  text(): Promise<string>;
}

/** The metrics in the order of the contract, then `extra`; a family without children shows HELP and TYPE. */
export function createExposition(metrics: Metrics, extra: readonly MetricSource[]): Exposition {
  // A registry of our own: the global one belongs to whoever else loads the package.
  const registry = new Registry();
  for (const family of Object.values(metrics)) register(registry, sourceOf(family));
  for (const source of extra) register(registry, source);
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

/** The registry asks no more of a metric than a name and `get`; its own `aggregate` makes them this way too. */
function register(registry: RegistryType, source: MetricSource): void {
  const { name, help, type, values } = source;
  const metric = { name, get: async () => ({ name, help, type, values: await values() }) };
  registry.registerMetric(metric as unknown as Metric<string>);
}

function sourceOf(family: Family<Counter> | Family<Gauge> | Family<Distribution>): MetricSource {
  // What has no labels has exactly one child, whether or not anyone has asked for it yet.
  if (family.labels.length === 0) family.with();
  return {
    name: family.name,
    help: family.help,
    type: family.kind,
    values: () => {
      const samples: Sample[] = [];
      for (const { values, metric } of family.children()) {
        const labels = Object.fromEntries(family.labels.map((label, i) => [label, values[i] ?? '']));
        if (metric instanceof Distribution) samples.push(...histogramSamples(family.name, labels, metric));
        else samples.push({ labels, value: metric instanceof Gauge ? metric.current : metric.value });
      }
      return samples;
    },
  };
}

/** `counts` are per bucket; the format wants them summed up to each bound. */
function histogramSamples(name: string, labels: Record<string, string>, of: Distribution): Sample[] {
  let upTo = 0;
  const buckets = of.bounds.map((bound, i) => {
    upTo += of.counts[i] ?? 0;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: bound }, value: upTo };
  });
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: of.count },
    { metricName: `${name}_sum`, labels, value: of.sum },
    { metricName: `${name}_count`, labels, value: of.count },
  ];
}
