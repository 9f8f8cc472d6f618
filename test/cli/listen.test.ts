import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test, type TestContext } from 'node:test';
import { signatureScheme } from '../../src/core/signature/schemes.ts';
import { RunningCli, cli, receiver, type CliOptions } from './world.ts';

/** `listen` at work on a free port; stopped after the test. */
async function listening(
  t: TestContext,
  args: readonly string[],
  options: CliOptions = {},
): Promise<{ origin: string; running: RunningCli }> {
  const running = new RunningCli(['listen', '--port', '0', ...args], options);
  t.after(async () => {
    running.signals.emit('SIGINT');
    await running.finished;
  });
  const [, origin = ''] = await running.says(/listening on (http:\S+?),?[ \n]/);
  return { origin, running };
}

async function post(url: string, body: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { method: 'POST', body, headers });
  await response.text();
  return response.status;
}

test('listen prints each request: method, path, headers, body as indented JSON', async (t) => {
  const { origin, running } = await listening(t, []);
  assert.equal(await post(`${origin}/hook?a=1`, '{"text":"Größe"}', { 'x-mine': 'yes' }), 200);
  await running.says(/\n\n$/);
  assert.match(running.stdout, /^[\d:.]{12} {2}#1 {2}POST \/hook\?a=1 {2}18 B {2}→ 200\n/);
  assert.match(running.stdout, /\n {2}x-mine: yes\n/);
  assert.match(running.stdout, /\n {2}\{\n {4}"text": "Größe"\n {2}\}\n/);
});

test('listen gives the statuses in turn and stays with the last', async (t) => {
  const { origin } = await listening(t, ['--fail-first', '2', '--status', '404,200']);
  const statuses: number[] = [];
  for (let i = 0; i < 5; i += 1) statuses.push(await post(origin, 'x'));
  assert.deepEqual(statuses, [503, 503, 404, 200, 200]);
});

test('listen answers with the given body and headers', async (t) => {
  const { origin } = await listening(t, [
    '--status',
    '429',
    '--body',
    '{"ok":false}',
    '--header',
    'Retry-After: 7',
    '--header',
    'Content-Type: application/json',
  ]);
  const response = await fetch(origin, { method: 'POST', body: '' });
  assert.equal(response.status, 429);
  assert.equal(response.headers.get('retry-after'), '7');
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.equal(await response.text(), '{"ok":false}');
});

test('listen verifies signatures by any of the secrets', async (t) => {
  const { origin, running } = await listening(t, [
    '--signature',
    'flipt',
    '--secret',
    'new',
    '--secret',
    'old',
    '--quiet',
  ]);
  for (const secret of ['old', 'stolen']) {
    const [name, value] = signatureScheme({ scheme: 'flipt', secrets: [secret] })
      .prepare([secret])
      .headers({ id: '1', timestampS: 0, body: 'x' })[0] as [string, string];
    await post(origin, 'x', { [name]: value });
  }
  await running.says(/#2/);
  assert.match(running.stdout, /#1 .* signature ✓ {2}→ 200\n/);
  assert.match(
    running.stdout,
    /#2 .* signature ✗ .*wrong: another secret, or the body was changed {2}→ 200\n/,
  );
  assert.doesNotMatch(running.stdout, /\bold\b/);
});

test('listen --json prints one object per request and ends after --count', async () => {
  const running = new RunningCli(['listen', '--port', '0', '--json', '--count', '2']);
  const [, origin = ''] = await running.says(/listening on (\S+)/);
  await post(`${origin}/a`, 'first');
  await post(`${origin}/b`, '');
  const { code, stdout } = await running.finished;
  assert.equal(code, 0);
  const requests = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    requests.map(({ number, method, path, body, signature, answer }) => ({
      number,
      method,
      path,
      body,
      signature,
      answer,
    })),
    [
      { number: 1, method: 'POST', path: '/a', body: 'first', signature: null, answer: 200 },
      { number: 2, method: 'POST', path: '/b', body: '', signature: null, answer: 200 },
    ],
  );
});

test('listen --hang never answers', async (t) => {
  const { origin, running } = await listening(t, ['--hang', '--quiet']);
  const controller = new AbortController();
  const answer = post(origin, 'x').then(() => 'answered');
  await running.says(/#1 .*→ hang/);
  const other = fetch(origin, { method: 'POST', body: 'y', signal: controller.signal });
  await running.says(/#2 .*→ hang/);
  controller.abort();
  await assert.rejects(other, { name: 'AbortError' });
  running.signals.emit('SIGTERM');
  await assert.rejects(answer);
});

test('listen --reset resets the connection', async (t) => {
  const { origin } = await listening(t, ['--reset']);
  const code = await new Promise((resolve) => {
    request(origin, { method: 'POST' })
      .on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      .end('x');
  });
  assert.equal(code, 'ECONNRESET');
});

test('listen --endless answers with a body that does not end', async (t) => {
  const { origin } = await listening(t, ['--endless', '--quiet']);
  const response = await fetch(origin, { method: 'POST', body: 'x' });
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > 3_000_000) break;
  }
  assert.ok(bytes > 3_000_000);
});

test('listen --delay waits before it answers', async (t) => {
  const { origin } = await listening(t, ['--delay', '200ms']);
  const order: string[] = [];
  // Set before the receiver's own and shorter, in the same process: it fires first however busy the machine is.
  const shorter = new Promise<void>((resolve) => {
    setTimeout(() => {
      order.push('shorter');
      resolve();
    }, 100);
  });
  await post(origin, 'x');
  order.push('answered');
  await shorter;
  assert.deepEqual(order, ['shorter', 'answered']);
});

test('listen makes control characters of a request harmless', async (t) => {
  const { origin, running } = await listening(t, []);
  await post(origin, 'a\u001b[2Jb\u0007');
  await running.says(/\n\n$/);
  assert.match(running.stdout, /a\\u001b\[2Jb\\u0007/);
});

test('listen uses colour on a terminal only, and never with NO_COLOR', async (t) => {
  const outputs: string[] = [];
  for (const options of [{ tty: true }, { tty: true, env: { NO_COLOR: '1' } }, { tty: false }]) {
    const { origin, running } = await listening(t, ['--quiet'], options);
    await post(origin, 'x');
    await running.says(/#1/);
    outputs.push(running.stdout);
  }
  assert.deepEqual(
    outputs.map((output) => output.includes('\u001b[')),
    [true, false, false],
  );
});

test('a port in use is a failure that says what to do', async (t) => {
  const { origin } = await receiver(t);
  const { code, stderr } = await cli(['listen', '--port', new URL(origin).port]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^auditsink: cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*; choose another with --port/,
  );
});
