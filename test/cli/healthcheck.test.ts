import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, configFile, receiver } from './world.ts';

test('healthcheck is 0 when the daemon answers 200, and asks what it was told to', async (t) => {
  const { origin, received } = await receiver(t);
  assert.deepEqual(await cli(['healthcheck', '--url', origin]), { code: 0, stdout: 'ok\n', stderr: '' });
  assert.equal((await cli(['healthcheck', '--url', origin, '--ready'])).code, 0);
  assert.equal((await cli(['healthcheck', '--url', `${origin}/elsewhere`])).code, 0);
  assert.deepEqual(
    received.map(({ method, path }) => `${method} ${path}`),
    ['GET /healthz', 'GET /readyz', 'GET /elsewhere'],
  );
});

test('healthcheck finds the address in the config', async (t) => {
  const { origin, received } = await receiver(t);
  const file = configFile(
    t,
    `admin: { listen: "0.0.0.0:${new URL(origin).port}", token: x-x-x-x-x-x-x-x-x }
sources: [{ name: flipt, type: file, path: audit.log }]
sinks: [{ name: hook, url: "http://127.0.0.1:1/" }]
`,
  );
  assert.equal((await cli(['healthcheck', '-c', file])).code, 0);
  assert.equal(received.length, 1);
});

test('healthcheck is 1 with the reason when the daemon is not well', async (t) => {
  const { origin } = await receiver(t, { status: [503], body: '{"reasons":["journal: disk full"]}' });
  const { code, stderr } = await cli(['healthcheck', '--url', origin, '--ready']);
  assert.equal(code, 1);
  assert.match(stderr, /^auditsink: not well: 127\.0\.0\.1:\d+ answered 503: .*disk full/);
});

test('healthcheck is 1 when nobody answers', async (t) => {
  const gone = await cli(['healthcheck', '--url', 'http://127.0.0.1:1']);
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /not well: connect ECONNREFUSED/);
  const { origin } = await receiver(t, { hang: true });
  const hung = await cli(['healthcheck', '--url', origin, '--timeout', '50ms']);
  assert.equal(hung.code, 1);
  assert.match(hung.stderr, /not well: no answer from 127\.0\.0\.1:\d+ in 50 ms/);
});

test('healthcheck with a broken config asks the default address, since the daemon may still run', async (t) => {
  const { stderr } = await cli(['healthcheck', '-c', configFile(t, 'nonsense: 1\n'), '--timeout', '2s']);
  assert.match(stderr, /cannot be used \(see `auditsink check`\), asking http:\/\/127\.0\.0\.1:9470/);
});

test('healthcheck cannot ask where the admin endpoint is off', async (t) => {
  const file = configFile(
    t,
    `admin: { listen: off }
sources: [{ name: flipt, type: file, path: audit.log }]
sinks: [{ name: hook, url: "http://127.0.0.1:1/" }]
`,
  );
  const { code, stderr } = await cli(['healthcheck', '-c', file]);
  assert.equal(code, 1);
  assert.match(stderr, /admin\.listen is off: there is nobody to ask/);
});
