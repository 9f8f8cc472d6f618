import { diag, DiagLogLevel, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import type { Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Sampler } from '@opentelemetry/sdk-trace';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { SinkTracer, TracedSink, Tracing } from '../core/tracing.ts';
import { version } from '../core/version.ts';
import { maxTextLength, OtelDeliverySpan } from './delivery-span.ts';
import type { SamplerSetting, TracingSettings } from './settings.ts';
import { WatchedExporter } from './watched-exporter.ts';

/**
 * Sends the spans of deliveries to a collector over OTLP. Endpoint, headers, certificates, timeout, compression
 * and resource are read from the process environment by the SDK itself. A collector that is slow or away costs
 * memory for 2048 ended spans (`OTEL_BSP_MAX_QUEUE_SIZE`) and never holds a delivery up.
 */
export class OtelTracing implements Tracing {
  readonly #exporter: WatchedExporter;
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #clock: Clock;
  readonly #sendsTraceparent: boolean;

  constructor(settings: TracingSettings, { logger, clock }: { logger: Logger; clock: Clock }) {
    // Before anything else of the SDK is made, so that what it says about its settings is heard.
    watchSdk(logger);
    for (const problem of settings.problems) logger.warn({ problem }, 'tracing problem');
    this.#exporter = new WatchedExporter(new OTLPTraceExporter(), logger);
    this.#clock = clock;
    this.#sendsTraceparent = settings.sendsTraceparent;
    this.#provider = new TracerProvider({
      sampler: samplerFor(settings.sampler),
      resource: defaultResource()
        .merge(resourceFromAttributes({ 'service.name': 'auditsink', 'service.version': version }))
        .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })),
      spanLimits: { attributeValueLengthLimit: maxTextLength },
      spanProcessors: [new BatchSpanProcessor({ ...settings.batch, exporter: this.#exporter })],
    });
    this.#tracer = this.#provider.getTracer('auditsink', version);
  }

  sink({ name, method, host, port }: TracedSink): SinkTracer {
    const spanName = `deliver ${name}`;
    const target = {
      'auditsink.sink': name,
      'http.request.method': method,
      'server.address': host,
      'server.port': port,
    };
    return {
      begin: ({ id, source, type, action }, acceptedAt) => {
        const attributes = {
          ...target,
          'auditsink.source': source,
          'auditsink.event.id': id,
          'auditsink.event.type': type,
          'auditsink.event.action': action,
          'auditsink.waited_ms': Math.max(0, this.#clock.now() - acceptedAt),
        };
        const options = { kind: SpanKind.CLIENT, attributes };
        return new OtelDeliverySpan(
          this.#tracer.startSpan(spanName, options, ROOT_CONTEXT),
          this.#sendsTraceparent,
        );
      },
    };
  }

  async stop(graceMs: number): Promise<void> {
    const grace = Promise.withResolvers<'over'>();
    const timer = this.#clock.after(graceMs, () => grace.resolve('over'));
    // What goes wrong in it was told by the exporter.
    const sent = this.#provider.shutdown().catch(() => {});
    if ((await Promise.race([sent, grace.promise])) === 'over') this.#exporter.giveUp();
    timer.clear();
    diag.disable();
  }
}

/** The SDK's own warnings into our log, each kind once: it would repeat them for every span. */
function watchSdk(logger: Logger): void {
  const told = new Set<string>();
  const tell = (problem: string): void => {
    const kind = problem.replaceAll(/\d+/g, '#');
    if (told.has(kind) || told.size >= 20) return;
    told.add(kind);
    logger.warn({ problem: problem.slice(0, 500) }, 'tracing problem');
  };
  const nothing = (): void => {};
  diag.setLogger(
    { error: tell, warn: tell, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}

function samplerFor(setting: SamplerSetting): Sampler {
  switch (setting.kind) {
    case 'on':
      return new AlwaysOnSampler();
    case 'off':
      return new AlwaysOffSampler();
    case 'ratio':
      return new TraceIdRatioBasedSampler(setting.ratio);
  }
}
