import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, configFile, fliptLine, receiver } from './world.ts';

function config(url: string): string {
  return `
sources:
  - { name: flipt, type: file, path: audit.log, format: flipt }
sinks:
  - name: hook
    url: ${url}
    preset: flipt
    signing_secret: sign-with-this
`;
}

test('test sends one marked event and tells how it went', async (t) => {
  const { origin, received } = await receiver(
    t,
    { body: 'thanks' },
    { signatureOf: () => ({ scheme: 'flipt', secrets: ['sign-with-this'] }) },
  );
  const file = configFile(t, config(`${origin}/very-secret`));
  const { code, stdout } = await cli(['test', '-c', file, '--sink', 'hook']);
  assert.equal(code, 0);
  assert.match(stdout, /^POST 127\.0\.0\.1:\d+\/…\n/);
  assert.match(stdout, /\nHTTP 200 in \d+ms\nthanks\n\n✓ delivered\n$/);
  assert.doesNotMatch(stdout, /very-secret|sign-with-this/);
  const [request] = received;
  assert.equal(received.length, 1);
  assert.equal(request?.path, '/very-secret');
  assert.equal(request.headers.get('x-auditsink-test'), 'true');
  assert.match(request.headers.get('idempotency-key') ?? '', /^test-/);
  assert.deepEqual(request.signature, { ok: true });
});

test('test sends the event it is given', async (t) => {
  const { origin, received } = await receiver(t);
  const args = ['test', '-c', configFile(t, config(origin)), '--sink', 'hook', '--event', '-'];
  const { code } = await cli(args, { stdin: fliptLine('mine') });
  assert.equal(code, 0);
  assert.match(received[0]?.body.toString() ?? '', /"key":"mine"/);
});

test('test explains a refusal and exits with 1', async (t) => {
  const { origin } = await receiver(t, { status: [404], body: 'no_service' });
  const { code, stdout } = await cli(['test', '-c', configFile(t, config(origin)), '--sink', 'hook']);
  assert.equal(code, 1);
  assert.match(stdout, /\nHTTP 404 in .*\nno_service\n\n✗ not delivered: HTTP 404\n/);
  assert.match(stdout, /This webhook was removed or switched off in Slack: make a new one\./);
});

test('test names what keeps it from the receiver', async (t) => {
  const { origin } = await receiver(t, { reset: true });
  const { code, stdout } = await cli(['test', '-c', configFile(t, config(origin)), '--sink', 'hook']);
  assert.equal(code, 1);
  assert.match(stdout, /\nno answer in .*\n\n✗ not delivered: network: .*\n {2}the daemon would try again\n/);
});

test('test --json is the report of the admin API', async (t) => {
  const { origin } = await receiver(t, { status: [503], body: 'busy', header: [['Retry-After', '9']] });
  const { code, stdout } = await cli([
    'test',
    '-c',
    configFile(t, config(origin)),
    '--sink',
    'hook',
    '--json',
  ]);
  assert.equal(code, 1);
  const report = JSON.parse(stdout) as { result: Record<string, unknown>; verdict: object };
  assert.equal(report.result['status'], 503);
  assert.equal(report.result['retry_after'], '9');
  assert.equal(report.result['reply'], 'busy');
  assert.deepEqual(report.verdict, { kind: 'retryable', reason: 'HTTP 503' });
});
