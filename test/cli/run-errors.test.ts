import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { cli, configFile, receiver, RunningCli } from './world.ts';

function config(admin = 'off'): string {
  return `admin: { listen: ${admin} }
sources: [{ name: flipt, type: file, path: audit.log }]
sinks: [{ name: hook, url: "http://127.0.0.1:1/" }]
`;
}

test('run with a wrong config tells all problems and exits with 78', async (t) => {
  const file = configFile(
    t,
    config().replace('path:', 'paht:').replace('url: "http://127.0.0.1:1/"', 'url: "${env:HOOK}"'),
  );
  const { code, stdout, stderr } = await cli(['run', '-c', file]);
  assert.equal(code, 78);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /config\.yaml:2:\d+: error: .*paht[^]*did you mean `?path[^]*config\.yaml:3:\d+: error: .*HOOK/,
  );
});

test('run without a config file exits with 78', async () => {
  const { code, stderr } = await cli(['run', '-c', 'nowhere.yaml']);
  assert.equal(code, 78);
  assert.match(stderr, /^nowhere\.yaml: error: cannot read the config/);
});

test('run with a port in use exits with 1 and starts nothing', async (t) => {
  const { origin } = await receiver(t);
  const file = configFile(t, config(`"127.0.0.1:${new URL(origin).port}"`));
  const { code, stderr } = await cli(['run', '-c', file]);
  assert.equal(code, 1);
  assert.match(stderr, /^auditsink: .*127\.0\.0\.1:\d+.*/);
  assert.doesNotMatch(stderr, /\n {4}at /);
  // Nothing holds the state directory any more.
  writeFileSync(file, config());
  const running = new RunningCli(['run', '-c', file]);
  await running.says(/"msg":"ready"/);
  running.signals.emit('SIGTERM');
  assert.equal((await running.finished).code, 0);
});

test('a second daemon on one state directory exits with 1', async (t) => {
  const file = configFile(t, config());
  const first = new RunningCli(['run', '-c', file]);
  t.after(async () => {
    first.signals.emit('SIGTERM');
    await first.finished;
  });
  await first.says(/"msg":"ready"/);
  const { code, stderr } = await cli(['run', '-c', file]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^auditsink: another auditsink already runs on the state directory .*; stop it, or give/,
  );
});

test('run with a state directory that cannot be made exits with 1', async (t) => {
  const file = configFile(t, `state_dir: taken\n${config()}`);
  writeFileSync(join(dirname(file), 'taken'), 'a file');
  const { code, stderr } = await cli(['run', '-c', file]);
  assert.equal(code, 1);
  assert.match(stderr, /^auditsink: the state directory .*taken cannot be used: /);
});
