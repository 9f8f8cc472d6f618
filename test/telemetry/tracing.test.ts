import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fliptLine } from '../support/events.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { HttpReceiver } from '../support/http-receiver.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { Collector } from './collector.ts';
import { spansOf } from './otlp.ts';
import type { SpanSeen } from './otlp.ts';

const withoutOtel = `--import=${new URL('without-otel.ts', import.meta.url).href}`;

interface World {
  dir: string;
  target: HttpReceiver;
  collector: Collector;
  append: (...keys: string[]) => void;
  start: (sinks: object[], env?: NodeJS.ProcessEnv, grace?: string) => Promise<DaemonProcess>;
}

async function world(t: TestContext, answer?: HttpReceiver['answer']): Promise<World> {
  const dir = tempDir(t);
  const target = await HttpReceiver.start(answer);
  t.after(() => target.stop());
  const collector = await Collector.start(t);
  writeFileSync(join(dir, 'audit.log'), '');
  return {
    dir,
    target,
    collector,
    append: (...keys) =>
      appendFileSync(join(dir, 'audit.log'), keys.map((key) => `${fliptLine(key)}\n`).join('')),
    async start(sinks, env = {}, grace = '10s') {
      const config = {
        shutdown_grace: grace,
        sources: [{ name: 'flipt', type: 'file', path: 'audit.log' }],
        sinks,
      };
      const daemon = await DaemonProcess.start(dir, config, {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_BSP_SCHEDULE_DELAY: '20',
        ...env,
      });
      t.after(() => daemon.stop('SIGKILL'));
      return daemon;
    },
  };
}

function only(spans: readonly SpanSeen[]): SpanSeen {
  assert.equal(spans.length, 1);
  return spans[0] as SpanSeen;
}

test('a span per delivery, its attempts as events, its context at the receiver, and no secret in it', async (t) => {
  let attempts = 0;
  const { target, collector, append, start } = await world(t, (response) => {
    attempts += 1;
    response.writeHead(attempts === 1 ? 503 : 200).end('an answer nobody wants to see');
  });
  const { port } = target;
  const daemon = await start(
    [
      {
        name: 'hook',
        url: `http://127.0.0.1:${port}/services/T0SECRET?key=qu3ry`,
        signing_secret: 's1gning',
        headers: { 'x-key': 'h3ader', authorization: 'Basic passw0rd' },
        retry: { initial_interval: '10ms', jitter: 'none' },
      },
    ],
    {
      OTEL_SERVICE_NAME: 'flags-audit',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=c0llector',
    },
  );
  append('one');
  await until(() => collector.spans.length > 0, 'the span');

  const span = only(collector.spans);
  assert.equal(span.name, 'deliver hook');
  assert.equal(span.kind, 3, 'a client span');
  assert.equal(span.parentSpanId, '');
  assert.ok(span.endNs > span.startNs);
  const { 'auditsink.event.id': id, 'auditsink.waited_ms': waited, ...attributes } = span.attributes;
  assert.ok(typeof waited === 'number' && waited >= 0);
  assert.deepEqual(attributes, {
    'auditsink.sink': 'hook',
    'auditsink.source': 'flipt',
    'auditsink.event.type': 'flag',
    'auditsink.event.action': 'updated',
    'auditsink.outcome': 'delivered',
    'auditsink.attempts': 2,
    'http.request.method': 'POST',
    'http.response.status_code': 200,
    'server.address': '127.0.0.1',
    'server.port': port,
  });
  assert.equal(span.statusCode, 0);
  const events = span.events.map(({ name, attributes: { 'auditsink.attempt.duration_ms': ms, ...rest } }) => {
    assert.ok(typeof ms === 'number' && ms >= 0);
    return { name, ...rest };
  });
  assert.deepEqual(events, [
    {
      name: 'attempt',
      'auditsink.attempt': 1,
      'auditsink.reason': 'HTTP 503',
      'http.response.status_code': 503,
      'error.type': '503',
    },
    { name: 'attempt', 'auditsink.attempt': 2, 'http.response.status_code': 200 },
  ]);
  assert.equal(span.resource['service.name'], 'flags-audit');
  assert.equal(span.resource['deployment.environment.name'], 'test');
  assert.equal(typeof span.resource['service.version'], 'string');

  for (const { headers } of target.received) {
    assert.equal(headers['traceparent'], `00-${span.traceId}-${span.spanId}-01`);
    assert.equal(headers['idempotency-key'], id);
  }
  assert.equal(collector.requests[0]?.path, '/v1/traces');
  assert.equal(collector.requests[0]?.headers['x-api-key'], 'c0llector');
  assert.equal(await daemon.stop(), 0);
  const sent = Buffer.concat(collector.requests.map(({ body }) => body)).toString('latin1');
  assert.ok(sent.includes('deliver hook'), 'the search finds what is there');
  const secrets = [
    'passw0rd',
    'T0SECRET',
    'services',
    'qu3ry',
    's1gning',
    'h3ader',
    'nobody',
    'namespace_key',
  ];
  for (const secret of secrets) assert.ok(!sent.includes(secret), `${secret} is in a span`);
  assert.ok(!daemon.output.includes('c0llector'), "the collector's key is in the log");
});

test('dead deliveries: refused by the receiver, by the network, and by our own template', async (t) => {
  const { target, collector, append, start } = await world(t, (response) => response.writeHead(404).end());
  const retry = { on: ['5xx'] };
  await start([
    { name: 'missing', url: target.url, retry },
    { name: 'closed', url: 'http://127.0.0.1:1/hook', retry },
    { name: 'broken', url: target.url, body: '{"n": {{{payload.key}}} }' },
  ]);
  append('one');
  await until(() => collector.spans.length >= 3, 'the spans');
  const [broken, closed, missing] = collector.spans.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const span of [broken, closed, missing]) {
    assert.equal(span?.statusCode, 2);
    assert.equal(span?.attributes['auditsink.outcome'], 'dead');
  }
  assert.equal(missing?.attributes['error.type'], '404');
  assert.equal(missing?.attributes['http.response.status_code'], 404);
  assert.match(missing?.statusMessage ?? '', /HTTP 404/);
  assert.equal(closed?.attributes['error.type'], 'network');
  assert.equal(closed?.events.length, 1);
  assert.equal(broken?.attributes['error.type'], 'ours');
  assert.equal(broken?.attributes['auditsink.attempts'], 0);
  assert.deepEqual(broken?.events, []);
});

test('what a stop interrupts ends as interrupted, and goes on in a new trace', async (t) => {
  let status = 503;
  const { target, collector, append, start } = await world(t, (response) => response.writeHead(status).end());
  const sink = {
    name: 'hook',
    url: target.url,
    max_backoff_duration: '1h',
    retry: { initial_interval: '200ms', max_interval: '200ms', jitter: 'none' },
  };
  const daemon = await start([sink]);
  append('one');
  await until(() => target.received.length > 0, 'the first attempt');
  assert.equal(await daemon.stop(), 0);
  const before = only(collector.spans);
  assert.equal(before.attributes['auditsink.outcome'], 'interrupted');
  assert.equal(before.statusCode, 0);
  const attempts = Number(before.attributes['auditsink.attempts']);
  assert.equal(attempts, target.received.length);

  status = 200;
  await start([sink]);
  await until(() => collector.spans.length > 1, 'the second span');
  const after = collector.spans[1];
  assert.equal(after?.attributes['auditsink.event.id'], before.attributes['auditsink.event.id']);
  assert.notEqual(after?.traceId, before.traceId);
  assert.deepEqual(
    after?.events.map(({ attributes }) => attributes['auditsink.attempt']),
    [attempts + 1],
  );
});

test('the header of the config wins; propagators and sampler are heeded', async (t) => {
  const { target, collector, append, start } = await world(t);
  const sinks = [
    { name: 'own', url: `${target.url}/own`, headers: { TraceParent: 'mine' } },
    { name: 'plain', url: `${target.url}/plain` },
  ];
  const header = (path: string): string | string[] | undefined =>
    target.received.findLast((one) => one.path.endsWith(path))?.headers['traceparent'];

  const first = await start(sinks);
  append('one');
  await until(() => collector.spans.length >= 2, 'both spans');
  assert.equal(header('own'), 'mine');
  assert.match(String(header('plain')), /^00-[\da-f]{32}-[\da-f]{16}-01$/);
  await first.stop();

  const second = await start(sinks, { OTEL_PROPAGATORS: 'none' });
  append('two');
  await until(() => collector.spans.length >= 4, 'both spans again');
  assert.equal(header('plain'), undefined);
  await second.stop();

  const third = await start(sinks, { OTEL_TRACES_SAMPLER: 'always_off' });
  append('three');
  await until(() => target.received.length >= 6, 'the deliveries');
  assert.match(String(header('plain')), /^00-[\da-f]{32}-[\da-f]{16}-00$/);
  await third.stop();
  assert.equal(collector.spans.length, 4);
});

test('a collector that is away, refuses or hangs harms nothing, and is told once', async (t) => {
  const { target, collector, append, start } = await world(t);
  const sinks = [{ name: 'hook', url: target.url }];
  const warnings = (daemon: DaemonProcess): unknown[] =>
    daemon.log
      .filter(({ msg }) => /trac/.test(String(msg)))
      .map(({ level, msg }) => `${String(level)}: ${String(msg)}`);
  const lost = 'warn: traces cannot be sent; they are dropped, deliveries go on';

  // Away. The export is tried for long; the process ends nevertheless.
  const away = await start(
    sinks,
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_TIMEOUT: '600000' },
    '500ms',
  );
  append('one', 'two');
  await until(() => target.received.length === 2, 'the deliveries');
  assert.equal(await away.stop(), 0);
  assert.deepEqual(warnings(away), [lost]);
  assert.ok(away.log.some(({ msg }) => msg === 'stopped'));
  assert.equal(away.stderr, '');

  // Refuses, again and again, and takes them in the end.
  collector.answer = (response) => response.writeHead(400).end('no');
  const refused = await start(sinks);
  append('three');
  await until(() => collector.requests.length === 1, 'the first refusal');
  append('four');
  await until(() => collector.requests.length === 2, 'the second refusal');
  collector.answer = (response) => response.end();
  append('five');
  await until(() => collector.spans.length > 0, 'a span');
  assert.equal(await refused.stop(), 0);
  assert.equal(target.received.length, 5);
  assert.deepEqual(warnings(refused), [lost, 'info: traces are sent again']);
  assert.equal(refused.log.find(({ msg }) => msg === 'traces are sent again')?.['lost'], 2);

  // Takes the connection and never answers.
  collector.answer = () => {};
  const before = collector.requests.length;
  const hanging = await start(sinks, { OTEL_EXPORTER_OTLP_TIMEOUT: '600000' }, '500ms');
  append('six');
  await until(() => collector.requests.length > before, 'an export');
  assert.equal(await hanging.stop(), 0);
  assert.equal(target.received.length, 6);
  assert.deepEqual(warnings(hanging), [lost]);
  assert.equal(hanging.stderr, '');
});

test('more spans than the queue holds are dropped, not deliveries', async (t) => {
  const { target, collector, append, start } = await world(t);
  collector.answer = () => {};
  const daemon = await start(
    [{ name: 'hook', url: target.url }],
    { OTEL_BSP_MAX_QUEUE_SIZE: '4', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2' },
    '500ms',
  );
  append(...Array.from({ length: 300 }, (_, i) => `flag-${i}`));
  await until(() => target.received.length === 300, 'the deliveries');
  assert.equal(await daemon.stop(), 0);
  const told = daemon.log.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
  assert.deepEqual(told, ['traces cannot be sent; they are dropped, deliveries go on']);
  const exported = collector.requests.reduce((sum, { body }) => sum + spansOf(body).length, 0);
  assert.ok(exported > 0 && exported < 50, `${exported} spans were kept`);
});

test('nothing of OpenTelemetry is loaded unless it is asked for, and it may be missing', async (t) => {
  const { target, append, start } = await world(t);
  const sinks = [{ name: 'hook', url: target.url }];
  const plain = await start(sinks, { OTEL_EXPORTER_OTLP_ENDPOINT: '', NODE_OPTIONS: withoutOtel });
  append('one');
  await until(() => target.received.length === 1, 'the delivery');
  assert.equal(target.received[0]?.headers['traceparent'], undefined);
  assert.equal(await plain.stop(), 0);
  // Of the messages alone: a folder's random name may hold the letters too, and once did.
  assert.deepEqual(
    plain.log.filter(({ msg }) => /trac/i.test(String(msg))),
    [],
  );

  const asked = await start(sinks, { NODE_OPTIONS: withoutOtel });
  const off = asked.log.find(({ msg }) => msg === 'tracing is off');
  assert.match(String(off?.['reason']), /@opentelemetry\//, 'the packages were in fact missing');
  append('two');
  await until(() => target.received.length === 2, 'the delivery');
  assert.equal(target.received[1]?.headers['traceparent'], undefined);
  assert.equal(await asked.stop(), 0);
});
