/** What the environment says about tracing, as far as the SDK does not read it by itself. */
export interface TracingSettings {
  sampler: SamplerSetting;
  batch: BatchSettings;
  /** False where `OTEL_PROPAGATORS` leaves W3C trace context out. */
  sendsTraceparent: boolean;
  /** What was set and is not followed. */
  problems: string[];
}

export type SamplerSetting = { kind: 'on' } | { kind: 'off' } | { kind: 'ratio'; ratio: number };

/** As the SDK's batch processor names them; what is not set is the SDK's default. */
export interface BatchSettings {
  scheduledDelayMillis?: number;
  exportTimeoutMillis?: number;
  maxQueueSize?: number;
  maxExportBatchSize?: number;
}

/**
 * Reads the standard variables that decide whether and how traces are sent; `off` says why they are not, though
 * they were asked for. Source: OpenTelemetry's "Environment Variable Specification".
 */
export function tracingSettings(
  env: NodeJS.ProcessEnv,
): ({ kind: 'on' } & TracingSettings) | { kind: 'off'; reason: string } {
  const exporter = valueOf(env, 'OTEL_TRACES_EXPORTER') ?? 'otlp';
  if (!listOf(exporter).includes('otlp')) {
    return { kind: 'off', reason: `OTEL_TRACES_EXPORTER is ${exporter}; there is only otlp` };
  }
  const protocolName =
    valueOf(env, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') === undefined
      ? 'OTEL_EXPORTER_OTLP_PROTOCOL'
      : 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL';
  const protocol = valueOf(env, protocolName) ?? 'http/protobuf';
  if (protocol !== 'http/protobuf') {
    return { kind: 'off', reason: `${protocolName} is ${protocol}; there is only http/protobuf` };
  }
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT']) {
    const endpoint = valueOf(env, name);
    // The SDK would go on to localhost instead, and name the whole URL.
    if (endpoint !== undefined && !isHttpUrl(endpoint)) {
      return { kind: 'off', reason: `${name} is not a URL that begins with http:// or https://` };
    }
  }
  const problems: string[] = [];
  const propagators = valueOf(env, 'OTEL_PROPAGATORS');
  return {
    kind: 'on',
    sampler: samplerOf(env, problems),
    batch: batchOf(env, problems),
    sendsTraceparent: propagators === undefined || listOf(propagators).includes('tracecontext'),
    problems,
  };
}

/** All our spans are roots, so the `parentbased_` samplers come to the same as what they are based on. */
function samplerOf(env: NodeJS.ProcessEnv, problems: string[]): SamplerSetting {
  const name = valueOf(env, 'OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
  switch (name.replace(/^parentbased_/, '')) {
    case 'always_on':
      return { kind: 'on' };
    case 'always_off':
      return { kind: 'off' };
    case 'traceidratio': {
      const text = valueOf(env, 'OTEL_TRACES_SAMPLER_ARG') ?? '1';
      const ratio = Number(text);
      if (ratio >= 0 && ratio <= 1) return { kind: 'ratio', ratio };
      problems.push(`OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1: ${text}; every delivery is traced`);
      return { kind: 'on' };
    }
    default:
      problems.push(`OTEL_TRACES_SAMPLER is not known: ${name}; every delivery is traced`);
      return { kind: 'on' };
  }
}

function batchOf(env: NodeJS.ProcessEnv, problems: string[]): BatchSettings {
  const batch: BatchSettings = {};
  const names = {
    scheduledDelayMillis: 'OTEL_BSP_SCHEDULE_DELAY',
    exportTimeoutMillis: 'OTEL_BSP_EXPORT_TIMEOUT',
    maxQueueSize: 'OTEL_BSP_MAX_QUEUE_SIZE',
    maxExportBatchSize: 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
  } as const;
  for (const key of Object.keys(names) as Array<keyof typeof names>) {
    const text = valueOf(env, names[key]);
    if (text === undefined) continue;
    if (/^[1-9]\d{0,8}$/.test(text)) batch[key] = Number(text);
    else problems.push(`${names[key]} is not a whole number above 0: ${text}; the default holds`);
  }
  return batch;
}

function valueOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function listOf(value: string): string[] {
  return value.split(',').map((item) => item.trim());
}

function isHttpUrl(value: string): boolean {
  const protocol = URL.parse(value)?.protocol;
  return protocol === 'http:' || protocol === 'https:';
}
