import { dirname, join, resolve } from 'node:path';
import type { CircuitBreakerPolicy, DeliveryPolicy, RetryPolicy, SignatureSetting } from '../core/policy.ts';
import { defaultPolicy, presets } from '../core/presets.ts';
import type { BodyConfig, Config, SinkConfig, SourceConfig } from './config.ts';
import type { ParsedConfig, ParsedSink, ParsedSource } from './schema.ts';

/** What a sink's files and templates became; read beforehand, since that can fail. */
export interface SinkResources {
  body: BodyConfig | null;
  tls: SinkConfig['tls'];
}

type OwnSignature = { header: string; value: string };

/** Turns the validated YAML into the config the daemon uses: camelCase, ms, absolute paths, defaults filled in. */
export function toConfig(parsed: ParsedConfig, file: string, resources: readonly SinkResources[]): Config {
  const absolute = resolve(file);
  const base = dirname(absolute);
  const { admin } = parsed;
  return {
    file: absolute,
    partialsDir: join(base, 'templates', 'partials'),
    stateDir: resolve(base, parsed.state_dir),
    log: parsed.log,
    admin: admin.listen === null ? null : { ...admin.listen, token: admin.token ?? null },
    journal: { retentionMs: parsed.journal.retention, maxBytes: parsed.journal.max_bytes },
    shutdownGraceMs: parsed.shutdown_grace,
    sources: parsed.sources.map((source) => toSource(source, base)),
    sinks: parsed.sinks.map((sink, i) =>
      toSink(sink, resources[i] ?? { body: null, tls: { ca: null, cert: null, key: null } }),
    ),
  };
}

function toSource(source: ParsedSource, base: string): SourceConfig {
  const { name, format } = source;
  if (source.type === 'stdin') return { type: 'stdin', name, format, maxLineBytes: source.max_line_bytes };
  if (source.type === 'file') {
    return {
      type: 'file',
      name,
      path: resolve(base, source.path),
      format,
      startAt: source.start_at,
      maxLineBytes: source.max_line_bytes,
      pollIntervalMs: source.poll_interval,
    };
  }
  return {
    type: 'http',
    name,
    host: source.listen.host,
    port: source.listen.port,
    path: source.path,
    format,
    maxBodyBytes: source.max_body_bytes,
    verify: toVerify(source.verify),
  };
}

function toVerify(verify: Extract<ParsedSource, { type: 'http' }>['verify']) {
  if (verify === undefined) return null;
  if (verify.bearer !== undefined) return { scheme: 'bearer' as const, secrets: verify.bearer };
  return toSignature(verify.signature ?? 'flipt', verify.secret ?? []);
}

function toSignature(signature: string | OwnSignature, secrets: readonly string[]): SignatureSetting {
  if (typeof signature === 'object') return { scheme: 'template', ...signature, secrets };
  return { scheme: signature as Exclude<SignatureSetting['scheme'], 'template'>, secrets };
}

function toSink(sink: ParsedSink, resources: SinkResources): SinkConfig {
  const preset = sink.preset === undefined ? undefined : presets[sink.preset];
  const secrets = sink.signing_secret ?? [];
  return {
    name: sink.name,
    url: sink.url,
    method: sink.method,
    headers: toHeaders(sink),
    events: sink.events ?? ['*:*'],
    match: sink.match ?? {},
    sources: sink.sources ?? null,
    body: resources.body,
    preset: sink.preset ?? null,
    signature:
      secrets.length === 0 ? null : toSignature(sink.signature ?? preset?.signature ?? 'flipt', secrets),
    policy: toPolicy(sink),
    tls: resources.tls,
    proxy: sink.proxy ?? null,
    enabled: sink.enabled,
    startFrom: sink.start_from,
  };
}

function toHeaders(sink: ParsedSink): Record<string, string> {
  const headers = sink.headers ?? {};
  if (Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) return headers;
  const contentType = sink.batch?.format === 'ndjson' ? 'application/x-ndjson' : 'application/json';
  return { 'Content-Type': contentType, ...headers };
}

function toPolicy(sink: ParsedSink): DeliveryPolicy {
  const preset = sink.preset === undefined ? undefined : presets[sink.preset];
  return {
    concurrency: sink.concurrency,
    orderBy: sink.order_by ?? null,
    rateLimit: sink.rate_limit ?? null,
    retry: toRetry(sink, preset?.retry ?? defaultPolicy.retry),
    circuitBreaker: toBreaker(sink.circuit_breaker),
    batch:
      sink.batch === undefined
        ? null
        : {
            maxEvents: sink.batch.max_events,
            maxBytes: sink.batch.max_bytes,
            maxWaitMs: sink.batch.max_wait,
            format: sink.batch.format,
          },
    timeoutMs: sink.timeout ?? preset?.timeoutMs ?? defaultPolicy.timeoutMs,
    success: preset?.success ?? null,
  };
}

function toBreaker(breaker: ParsedSink['circuit_breaker']): CircuitBreakerPolicy | null {
  return breaker === undefined
    ? null
    : { failures: breaker.failures, probeIntervalMs: breaker.probe_interval };
}

/** What is written wins; changing from schedule to exponential or back leaves the preset's other limits behind. */
function toRetry(sink: ParsedSink, preset: RetryPolicy): RetryPolicy {
  const given = sink.retry ?? {};
  const exponential = given.initial_interval ?? given.multiplier ?? given.max_interval;
  let base = preset;
  if (given.schedule !== undefined) {
    base = { ...preset, scheduleMs: given.schedule, jitter: 'none', maxAttempts: null, maxElapsedMs: null };
  } else if (exponential !== undefined && preset.scheduleMs !== null) {
    base = { ...defaultPolicy.retry, on: preset.on };
  }
  return {
    initialIntervalMs: given.initial_interval ?? base.initialIntervalMs,
    multiplier: given.multiplier ?? base.multiplier,
    maxIntervalMs: given.max_interval ?? base.maxIntervalMs,
    jitter: given.jitter ?? base.jitter,
    maxAttempts: given.max_attempts ?? base.maxAttempts,
    scheduleMs: base.scheduleMs,
    maxElapsedMs: sink.max_backoff_duration ?? base.maxElapsedMs,
    on: given.on ?? base.on,
  };
}
