import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretsOf } from '../../src/app/sink-secrets.ts';
import { createTransport } from '../../src/app/sinks.ts';
import type { SinkConfig } from '../../src/config/config.ts';
import type { AttemptResult } from '../../src/core/attempt.ts';
import { systemClock } from '../../src/core/clock.ts';
import { defaultPolicy } from '../../src/core/presets.ts';
import { HttpReceiver } from '../support/http-receiver.ts';

function config(url: string): SinkConfig {
  return {
    name: 'hook',
    url,
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization: 'Bearer t0ken-of-ours',
      'X-Team': 'blue-team',
    },
    events: ['*:*'],
    match: {},
    sources: null,
    body: null,
    preset: null,
    signature: { scheme: 'flipt', secrets: ['signing-s3cret'] },
    policy: defaultPolicy,
    tls: { ca: null, cert: null, key: null },
    proxy: null,
    enabled: true,
    startFrom: 'now',
  };
}

test('credentials and what of the URL could be one are secrets, the rest is not', () => {
  const secrets = secretsOf(config('https://h.example/services/T0/abcdefghijklmnop?key=a%20secret'));
  for (const expected of [
    'signing-s3cret',
    'Bearer t0ken-of-ours',
    't0ken-of-ours',
    '/services/T0/abcdefghijklmnop',
    'abcdefghijklmnop',
    'a secret',
  ]) {
    assert.ok(secrets.includes(expected), expected);
  }
  assert.ok(!secrets.some((secret) => /^(services|blue-team|application\/json|h\.example)$/.test(secret)));
});

test('a receiver that echoes its request puts no secret into the reply', async (t) => {
  const target = await HttpReceiver.start((response, { path, headers }) => {
    response.writeHead(500);
    response.end(JSON.stringify({ message: 'refused', path, headers, known: 'signing-s3cret' }));
  });
  t.after(() => target.stop());
  const sink = config(`http://127.0.0.1:${target.port}/services/T0/abcdefghijklmnop`);
  const transport = createTransport(sink, systemClock, {});
  t.after(() => transport.close());
  const result = await new Promise<AttemptResult>((resolve) => {
    transport.send({ headers: Object.entries(sink.headers).flat(), body: '{}' }, resolve);
  });
  assert.ok(result.kind === 'response');
  assert.match(result.reply, /refused.*blue-team/);
  assert.doesNotMatch(result.reply, /t0ken|s3cret|services|abcdef/);
});
