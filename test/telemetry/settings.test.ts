import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTracing } from '../../src/app/tracing.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { tracingSettings } from '../../src/telemetry/settings.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

test('without the variables, or where they say so, there is no tracing and no word of it', async () => {
  const logged: string[] = [];
  const logger = { ...silentLogger, warn: (_: unknown, msg: string) => logged.push(msg) };
  for (const env of [
    {},
    { OTEL_SERVICE_NAME: 'flags', OTEL_RESOURCE_ATTRIBUTES: 'a=b', OTEL_TRACES_SAMPLER: 'always_on' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
    { ...endpoint, OTEL_SDK_DISABLED: 'true' },
    { ...endpoint, OTEL_SDK_DISABLED: 'TRUE' },
    { ...endpoint, OTEL_TRACES_EXPORTER: 'none' },
  ]) {
    assert.equal(await createTracing(env, { logger, clock: systemClock }), null, JSON.stringify(env));
  }
  assert.deepEqual(logged, []);
});

test('what is asked for and cannot be done turns tracing off, with the reason', async () => {
  const cases: Array<[NodeJS.ProcessEnv, RegExp]> = [
    [{ ...endpoint, OTEL_TRACES_EXPORTER: 'console' }, /OTEL_TRACES_EXPORTER is console; there is only otlp/],
    [{ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, /OTEL_EXPORTER_OTLP_PROTOCOL is grpc/],
    [
      {
        ...endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      },
      /OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is http\/json/,
    ],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'key@collector:4318' }, /ENDPOINT is not a URL that begins with/],
    [{ ...endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '4318' }, /TRACES_ENDPOINT is not a URL/],
  ];
  for (const [env, reason] of cases) {
    const logged: string[] = [];
    const logger = {
      ...silentLogger,
      warn: (fields: Record<string, unknown>, msg: string) =>
        logged.push(`${msg}: ${String(fields['reason'])}`),
    };
    assert.equal(await createTracing(env, { logger, clock: systemClock }), null);
    assert.equal(logged.length, 1);
    assert.match(logged[0] ?? '', /^tracing is off: /);
    assert.match(logged[0] ?? '', reason);
    assert.ok(!logged[0]?.includes('key@'), 'what stands in the variable can be a secret');
  }
});

function settings(env: NodeJS.ProcessEnv) {
  const read = tracingSettings({ ...endpoint, ...env });
  if (read.kind === 'off') throw new Error(read.reason);
  return read;
}

test('samplers by their standard names', () => {
  const cases: Array<[string | undefined, string | undefined, object]> = [
    [undefined, undefined, { kind: 'on' }],
    ['', undefined, { kind: 'on' }],
    ['always_on', undefined, { kind: 'on' }],
    ['always_off', undefined, { kind: 'off' }],
    ['parentbased_always_off', undefined, { kind: 'off' }],
    ['traceidratio', '0.25', { kind: 'ratio', ratio: 0.25 }],
    ['parentbased_traceidratio', '0', { kind: 'ratio', ratio: 0 }],
    ['traceidratio', undefined, { kind: 'ratio', ratio: 1 }],
  ];
  for (const [name, arg, expected] of cases) {
    const { sampler, problems } = settings({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: arg });
    assert.deepEqual(sampler, expected, `${name} ${arg}`);
    assert.deepEqual(problems, []);
  }
  for (const env of [
    { OTEL_TRACES_SAMPLER: 'jaeger_remote' },
    { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1.5' },
    { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: 'half' },
  ]) {
    const { sampler, problems } = settings(env);
    assert.deepEqual(sampler, { kind: 'on' });
    assert.equal(problems.length, 1);
  }
});

test('limits of the queue; what is no number is named', () => {
  const { batch, problems } = settings({
    OTEL_BSP_SCHEDULE_DELAY: '100',
    OTEL_BSP_MAX_QUEUE_SIZE: '64',
    OTEL_BSP_EXPORT_TIMEOUT: '-1',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '',
  });
  assert.deepEqual(batch, { scheduledDelayMillis: 100, maxQueueSize: 64 });
  assert.deepEqual(problems, [
    'OTEL_BSP_EXPORT_TIMEOUT is not a whole number above 0: -1; the default holds',
  ]);
});

test('the header goes out unless the propagators leave it out', () => {
  assert.equal(settings({}).sendsTraceparent, true);
  assert.equal(settings({ OTEL_PROPAGATORS: 'baggage, tracecontext' }).sendsTraceparent, true);
  assert.equal(settings({ OTEL_PROPAGATORS: 'none' }).sendsTraceparent, false);
});
