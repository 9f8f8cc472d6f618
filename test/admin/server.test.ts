import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { createAdminServer } from '../../src/admin/server.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { systemClock } from '../../src/core/clock.ts';
import { AuditsinkError } from '../../src/core/errors.ts';
import { createMetrics } from '../../src/core/metrics.ts';
import { call, fakeOperations, startAdmin } from './world.ts';

const deps = () => ({
  operations: fakeOperations().operations,
  metrics: createMetrics(),
  logger: silentLogger,
  clock: systemClock,
});

/** Everything a socket says until it is closed by the other side. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => {
    // A reset is one way of being closed.
  });
  await once(socket, 'close');
  return text;
}

test('tells that it is alive, and whether it is ready', async (t) => {
  let missing: string[] = [];
  const { operations } = fakeOperations({ notReady: () => missing });
  const admin = await startAdmin(t, operations);

  const alive = await admin.call('/healthz');
  assert.equal(alive.status, 200);
  assert.deepEqual(alive.json, { status: 'ok', version: '0.1.0' });

  assert.deepEqual((await admin.call('/readyz')).json, { status: 'ready', missing: [] });
  missing = ['source flipt: no such file'];
  const notReady = await admin.call('/readyz');
  assert.equal(notReady.status, 503);
  assert.deepEqual(notReady.json, { status: 'not_ready', missing });
});

test('serves the metrics as they are at the moment', async (t) => {
  const admin = await startAdmin(t, fakeOperations().operations);
  admin.metrics.eventsRead.with('flipt').inc(7);
  const answer = await admin.call('/metrics');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.match(answer.text, /^auditsink_events_read_total\{source="flipt"\} 7$/m);
});

test('on loopback the API needs the token where one is set, probes and metrics never', async (t) => {
  const admin = await startAdmin(t, fakeOperations().operations, { token: 'right' });
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  assert.equal((await admin.call('/healthz')).status, 200);
  assert.equal((await admin.call('/readyz')).status, 200);
  assert.equal((await admin.call('/metrics')).status, 200);
  assert.equal((await admin.call('/api/v1/sinks', bearer('right'))).status, 200);
  const wrong = [
    {},
    bearer('wrong'),
    bearer('right2'),
    bearer(''),
    { headers: { authorization: 'Basic right' } },
  ];
  for (const options of wrong) {
    const answer = await admin.call('/api/v1/sinks', options);
    assert.equal(answer.status, 401, JSON.stringify(options));
    assert.equal(answer.headers['www-authenticate'], 'Bearer realm="auditsink"');
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    assert.deepEqual(answer.json, {
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'send the configured token as Authorization: Bearer',
    });
  }
});

test('off loopback the metrics need the token too, probes still do not', async (t) => {
  const admin = await startAdmin(t, fakeOperations().operations, { host: '0.0.0.0', token: 'right' });
  const headers = { host: 'auditsink.monitoring.svc:9470' };
  assert.equal((await admin.call('/healthz', { headers })).status, 200);
  assert.equal((await admin.call('/readyz', { headers })).status, 200);
  assert.equal((await admin.call('/metrics', { headers })).status, 401);
  const withToken = { headers: { ...headers, authorization: 'Bearer right' } };
  assert.equal((await admin.call('/metrics', withToken)).status, 200);
});

test('a wrong token changes nothing', async (t) => {
  const { operations, asked } = fakeOperations();
  const admin = await startAdmin(t, operations, { token: 'right' });
  for (const path of ['/api/v1/sinks/slack/pause', '/api/v1/sinks/slack/test', '/api/v1/replay']) {
    const answer = await admin.call(path, { method: 'POST', body: { sink: 'slack', dead: true } });
    assert.equal(answer.status, 401, path);
  }
  assert.deepEqual(asked, []);
});

test('refusals are logged at the first and at each doubling', async (t) => {
  const admin = await startAdmin(t, fakeOperations().operations, { token: 'right' });
  for (let i = 0; i < 9; i += 1) await admin.call('/api/v1/sinks');
  const refused = admin.lines.filter(({ msg }) => msg === 'admin request refused');
  assert.deepEqual(
    refused.map(({ fields }) => fields['refusals']),
    [1, 2, 4, 8],
  );
  assert.deepEqual(refused[0]?.fields, { reason: 'token', from: '127.0.0.1', refusals: 1 });
});

test('a loopback listener answers to the names of this machine only', async (t) => {
  const { operations, asked } = fakeOperations();
  const admin = await startAdmin(t, operations);
  for (const host of ['localhost', 'LOCALHOST:9470', '127.0.0.1:1', '[::1]:9470', '[::1]']) {
    assert.equal((await admin.call('/healthz', { headers: { host } })).status, 200, host);
  }
  const foreign = [
    'evil.example',
    'evil.example:9470',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    '[::1',
    '10.0.0.1',
  ];
  for (const host of foreign) {
    const answer = await admin.call('/api/v1/sinks/slack/pause', {
      method: 'POST',
      headers: { host },
      body: {},
    });
    assert.equal(answer.status, 421, host);
  }
  assert.deepEqual(asked, []);
});

test('answers no preflight and sends no CORS header', async (t) => {
  const admin = await startAdmin(t, fakeOperations().operations);
  const origin = { origin: 'https://evil.example' };
  const preflight = await admin.call('/api/v1/replay', {
    method: 'OPTIONS',
    headers: { ...origin, 'access-control-request-method': 'POST' },
  });
  assert.equal(preflight.status, 405);
  const read = await admin.call('/api/v1/sinks', { headers: origin });
  for (const { headers } of [preflight, read]) {
    assert.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith('access-control-')),
      [],
    );
  }
  assert.equal(read.headers['cache-control'], 'no-store');
  assert.equal(read.headers['x-content-type-options'], 'nosniff');
});

test('a POST that is not JSON is refused, as a form of another site would be', async (t) => {
  const { operations, asked } = fakeOperations();
  const admin = await startAdmin(t, operations);
  for (const type of [
    undefined,
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
  ]) {
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
    const answer = await admin.call('/api/v1/sinks/slack/pause', { method: 'POST', headers, body: '{}' });
    assert.equal(answer.status, 415, String(type));
  }
  assert.deepEqual(asked, []);
  const headers = { 'content-type': 'Application/JSON; charset=utf-8' };
  assert.equal((await admin.call('/api/v1/sinks/slack/pause', { method: 'POST', headers })).status, 200);
});

test('an unknown path is 404, a wrong method 405 with Allow, HEAD is like GET without a body', async (t) => {
  const admin = await startAdmin(t, fakeOperations().operations);
  for (const path of [
    '/',
    '/api',
    '/api/v1/sinks/',
    '/api/v1/sinks/a/b/pause',
    '/healthz/',
    '/api/v1/deliveries/%zz',
    '//healthz',
  ]) {
    const answer = await admin.call(path);
    assert.equal(answer.status, 404, path);
    assert.equal(answer.headers['content-type'], 'application/problem+json');
  }
  const deleted = await admin.call('/api/v1/sinks', { method: 'DELETE' });
  assert.equal(deleted.status, 405);
  assert.equal(deleted.headers['allow'], 'GET, HEAD');
  const got = await admin.call('/api/v1/replay');
  assert.equal(got.status, 405);
  assert.equal(got.headers['allow'], 'POST');
  const head = await admin.call('/healthz?probe=1', { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.text, '');
});

test('a body over 64 KiB is refused, announced or not, and the sender gets to read why', async (t) => {
  const { operations, asked } = fakeOperations();
  const admin = await startAdmin(t, operations);
  const big = JSON.stringify({ sink: 'slack', ids: ['x'.repeat(200_000)] });
  const headers = { 'content-type': 'application/json' };
  const announced = await admin.call('/api/v1/replay', { method: 'POST', headers, body: big });
  assert.equal(announced.status, 413);
  const chunked = await admin.call('/api/v1/replay', {
    method: 'POST',
    headers: { ...headers, 'transfer-encoding': 'chunked' },
    body: big,
  });
  assert.equal(chunked.status, 413);
  assert.deepEqual(asked, []);
});

test('a request that comes too slowly is cut off, head or body', async (t) => {
  const limits = { headersMs: 1000, requestMs: 1500, checkMs: 50 };
  const admin = await startAdmin(t, fakeOperations().operations, { limits });
  const slowHead = connect(admin.port, '127.0.0.1');
  slowHead.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
  const slowBody = connect(admin.port, '127.0.0.1');
  slowBody.write(
    'POST /api/v1/replay HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"sink"',
  );
  for (const said of await Promise.all([untilClosed(slowHead), untilClosed(slowBody)])) {
    assert.match(said, /^HTTP\/1\.1 408 /);
  }
  assert.equal((await admin.call('/healthz')).status, 200);
  assert.deepEqual(
    admin.lines.filter(({ level }) => level === 'error'),
    [],
  );
});

test('a sender that goes away in the middle of its body is no error', async (t) => {
  const admin = await startAdmin(t, fakeOperations().operations);
  const socket = connect(admin.port, '127.0.0.1');
  socket.write(
    'POST /api/v1/replay HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"sink"',
  );
  await once(socket, 'connect');
  // Connections are accepted in order, so the first one is known once a second one was answered.
  await admin.call('/healthz');
  socket.destroy();
  // The stop waits for every connection, so whatever there was to log has been logged.
  await admin.server.stop();
  assert.deepEqual(admin.lines, []);
});

test('a head over 16 KiB is refused', async (t) => {
  const admin = await startAdmin(t, fakeOperations().operations);
  const answer = await admin.call('/healthz', { headers: { 'x-long': 'x'.repeat(20_000) } });
  assert.equal(answer.status, 431);
});

test('connections beyond the bound are closed', async (t) => {
  const admin = await startAdmin(t, fakeOperations().operations, { limits: { connections: 2 } });
  const held = [connect(admin.port, '127.0.0.1'), connect(admin.port, '127.0.0.1')];
  t.after(() => held.forEach((socket) => socket.destroy()));
  await Promise.all(held.map((socket) => once(socket, 'connect')));
  const third = connect(admin.port, '127.0.0.1');
  assert.equal(await untilClosed(third), '');
});

test('what fails inside is answered without a detail of it and logged', async (t) => {
  const { operations } = fakeOperations({
    sinks: () => {
      throw new Error('SELECT secret FROM sinks');
    },
  });
  const admin = await startAdmin(t, operations);
  const answer = await admin.call('/api/v1/sinks');
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.text, /SELECT/);
  assert.equal(admin.lines.at(-1)?.msg, 'admin request failed');
  assert.match(String(admin.lines.at(-1)?.fields['err']), /SELECT/);
});

test('what fails after its body was read is answered too', async (t) => {
  const { operations } = fakeOperations({ setPaused: () => Promise.reject(new Error('a bug')) });
  const admin = await startAdmin(t, operations);
  const answer = await admin.call('/api/v1/sinks/slack/pause', { method: 'POST', body: {} });
  assert.equal(answer.status, 500);
  assert.equal(admin.lines.at(-1)?.msg, 'admin request failed');
});

test('a journal that cannot be used is 503 with its own words', async (t) => {
  const { operations } = fakeOperations({
    history: () => {
      throw new AuditsinkError('journal_io', 'cannot read the journal: disk I/O error');
    },
  });
  const admin = await startAdmin(t, operations);
  const answer = await admin.call('/api/v1/deliveries');
  assert.equal(answer.status, 503);
  assert.equal((answer.json as { detail: string }).detail, 'cannot read the journal: disk I/O error');
});

test('a port in use is a listen error that names the address', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const server = createAdminServer({ host: '127.0.0.1', port, token: null }, deps());
  await assert.rejects(server.start(), (error: unknown) => {
    assert.ok(error instanceof AuditsinkError);
    assert.equal(error.code, 'listen');
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}.*EADDRINUSE.*admin\\.listen`));
    return true;
  });
  await server.stop();
});

test('does not listen off loopback without a token', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
    const server = createAdminServer({ host, port: 0, token: null }, deps());
    await assert.rejects(server.start(), /without a token: set "admin\.token"/);
    await server.stop();
  }
});

test('start and stop are idempotent; stop answers what is in flight', async () => {
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { operations } = fakeOperations({
    async setPaused() {
      enter();
      await released;
      return true;
    },
  });
  const server = createAdminServer({ host: '127.0.0.1', port: 0, token: null }, { ...deps(), operations });
  const { port } = await server.start();
  assert.deepEqual(await server.start(), { host: '127.0.0.1', port });
  const inFlight = call(port, '/api/v1/sinks/slack/pause', { method: 'POST', body: {} });
  await entered;
  const stopped = server.stop();
  assert.equal(server.stop(), stopped);
  release();
  assert.equal((await inFlight).status, 200);
  await stopped;
  await assert.rejects(call(port, '/healthz'), { code: 'ECONNREFUSED' });
});

test('stop cuts off what does not come to an end', async () => {
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  const { operations } = fakeOperations({
    test: () => {
      enter();
      return Promise.withResolvers<undefined>().promise;
    },
  });
  const server = createAdminServer(
    { host: '127.0.0.1', port: 0, token: null },
    { ...deps(), operations },
    { drainMs: 50 },
  );
  const { port } = await server.start();
  const inFlight = assert.rejects(call(port, '/api/v1/sinks/slack/test', { method: 'POST', body: {} }));
  await entered;
  await server.stop();
  await inFlight;
});
