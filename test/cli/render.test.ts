import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, configFile, fliptLine, RunningCli, tempDir } from './world.ts';

interface Rendered {
  method: string;
  host: string;
  headers: Record<string, string>;
  body: string;
}

const config = `
sources:
  - { name: flipt, type: file, path: audit.log, format: flipt }
  - { name: gate, type: stdin, format: rollgate }
sinks:
  - name: plain
    url: https://hooks.example.com/services/T0/very-secret?token=hidden
    method: PUT
    preset: flipt
    sources: [flipt]
    signing_secret: sign-with-this
    headers: { Authorization: Bearer hush-hush, X-Team: payments }
  - name: words
    url: http://127.0.0.1:1/
    events: ["flag:*"]
    body: '{"what": "{{type}} {{action}} {{payload.key}}"}'
  - name: standard
    url: http://127.0.0.1:1/
    preset: standard-webhooks
    signing_secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
  - name: never
    url: http://127.0.0.1:1/
    events: ["dragon:*"]
`;

test('render shows method, host, headers and body, and no secret', async (t) => {
  const { code, stdout, stderr } = await cli(['render', '-c', configFile(t, config), '--sink', 'plain']);
  assert.equal(code, 0);
  assert.match(stdout, /^PUT hooks\.example\.com\/…\n/);
  assert.match(stdout, /^X-Team: payments$/m);
  assert.match(stdout, /^Authorization: \*\*\*$/m);
  assert.match(stdout, /^X-Flipt-Webhook-Signature: [0-9a-f]{64}$/m);
  assert.match(stdout, /\n\n\{"version":"0\.2","type":"flag","action":"created",/);
  assert.doesNotMatch(stdout + stderr, /very-secret|hush|sign-with-this|hidden/);
});

const line = fliptLine('new-checkout');
const forms: ReadonlyArray<readonly [name: string, text: string]> = [
  ['bare', line],
  ['with a log prefix', `2026-01-15T09:30:02Z\tAUDIT\t${line}\n`],
  ['wrapped by the logger', `{"T":"2026-01-15T09:30:02Z","M":"AUDIT",${line.slice(1)}`],
  ['indented', JSON.stringify(JSON.parse(line), null, 2)],
  ['among other lines', `2026-01-15T09:30:02Z\tINFO\tstarting\t{}\n${line}\n${fliptLine('other')}\n`],
];
for (const [name, text] of forms) {
  test(`render takes an event that is ${name}`, async (t) => {
    const event = join(tempDir(t), 'event');
    writeFileSync(event, text);
    const args = ['render', '-c', configFile(t, config), '--sink', 'words', '--event', event, '--json'];
    const { code, stdout, stderr } = await cli(args);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.equal((JSON.parse(stdout) as Rendered).body, '{"what": "flag updated new-checkout"}');
  });
}

test('render takes an event from standard input, in the format of any source of the sink', async (t) => {
  const stdin = '{"event":"flag.deleted","timestamp":"2026-01-25T12:00:00Z","flag":{"id":"1","key":"old"}}';
  const args = ['render', '-c', configFile(t, config), '--sink', 'words', '--event', '-', '--json'];
  const { stdout } = await cli(args, { stdin });
  assert.equal((JSON.parse(stdout) as Rendered).body, '{"what": "flag deleted old"}');
});

test('an event the filter refuses is rendered with a note', async (t) => {
  const stdin = line.replace('"type":"flag"', '"type":"segment"');
  const { code, stdout, stderr } = await cli(
    ['render', '-c', configFile(t, config), '--sink', 'words', '--event', '-'],
    { stdin },
  );
  assert.equal(code, 0);
  assert.match(stdout, /segment updated/);
  assert.match(stderr, /the filter of words does not let this event through/);
});

test('what is no event is wrong usage', async (t) => {
  const args = ['render', '-c', configFile(t, config), '--sink', 'words', '--event'];
  const notAnEvent = await cli([...args, '-'], { stdin: 'hello\n' });
  assert.equal(notAnEvent.code, 2);
  assert.match(notAnEvent.stderr, /^auditsink: - holds no event/);
  const missing = await cli([...args, join(tempDir(t), 'nowhere')]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /^auditsink: cannot read .*nowhere: ENOENT/);
});

test('render --all renders every sample that passes the filter', async (t) => {
  const args = ['render', '-c', configFile(t, config), '--sink', 'words', '--all', '--json'];
  const { stdout } = await cli(args);
  const bodies = stdout
    .trim()
    .split('\n')
    .map((text) => (JSON.parse(text) as Rendered).body);
  assert.ok(bodies.length > 5);
  assert.ok(bodies.every((body) => body.startsWith('{"what": "flag ')));
});

test('a sink that no sample reaches says so', async (t) => {
  const { code, stderr } = await cli(['render', '-c', configFile(t, config), '--sink', 'never']);
  assert.equal(code, 1);
  assert.match(stderr, /none of the sample events passes the filter of never: give one with --event/);
});

test('a sink that is not there is wrong usage, with the one that was meant', async (t) => {
  const { code, stderr } = await cli(['render', '-c', configFile(t, config), '--sink', 'plian']);
  assert.equal(code, 2);
  assert.match(stderr, /the config has no sink "plian": did you mean plain\?/);
});

test('a config that is wrong is told with all its problems and exit code 78', async (t) => {
  const file = configFile(
    t,
    config.replace('method: PUT', 'method: GET').replace('sources: [flipt]', 'sources: [flip]'),
  );
  const { code, stdout, stderr } = await cli(['render', '-c', file, '--sink', 'words']);
  assert.equal(code, 78);
  assert.equal(stdout, '');
  assert.match(stderr, /config\.yaml:8:13: error: [^]*config\.yaml:10:\d+: error: /);
});

test('what render signs, verify finds right', async (t) => {
  const dir = tempDir(t);
  const { stdout } = await cli(['render', '-c', configFile(t, config), '--sink', 'standard', '--json']);
  const { headers, body } = JSON.parse(stdout) as Rendered;
  writeFileSync(join(dir, 'body'), body);
  const lines = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const args = [
    'verify',
    '--signature',
    'standard-webhooks',
    '--secret',
    secret,
    '--body',
    join(dir, 'body'),
    ...lines,
  ];
  assert.deepEqual(await cli(args), { code: 0, stdout: 'the signature is right\n', stderr: '' });
});

test('render --watch renders again on every save, also after a broken one', async (t) => {
  const file = configFile(t, config);
  const running = new RunningCli(['render', '-c', file, '--sink', 'words', '--watch']);
  t.after(() => running.signals.emit('SIGINT'));
  await running.says(/waiting for the next save/);
  assert.match(running.stdout, /"what": "flag created new-checkout"/);
  writeFileSync(file, readFileSync(file, 'utf8').replace('"what":', '"what": {{'));
  await running.says(/error: /);
  writeFileSync(file, config.replace('"what"', '"which"'));
  await running.says(/"which": "flag created new-checkout"/);
  running.signals.emit('SIGINT');
  assert.equal((await running.finished).code, 0);
});
