import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { JournalWorld, journalConfig } from './journal-world.ts';
import { cli, configFile, fliptLine, RunningCli } from './world.ts';

async function settledWorld(t: TestContext): Promise<JournalWorld> {
  const world = await JournalWorld.create(t);
  await world.accept(['one', 'two', 'three']);
  await world.record('slack', 'one', 'delivered');
  await world.record('plain', 'one', 'dead', [
    { status: 500, errorClass: 'status', reason: 'HTTP 500', reply: 'it \u001b[31mbroke\nbadly' },
    { status: 404, errorClass: 'status', reason: 'HTTP 404', reply: 'gone' },
  ]);
  await world.record('slack', 'two', 'retrying', [{}]);
  return world;
}

async function listed(world: JournalWorld, ...args: string[]): Promise<string[]> {
  const { code, stdout } = await cli(['deliveries', '-c', world.config, '--json', ...args]);
  assert.equal(code, 0);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { id: string }).id);
}

test('deliveries are listed newest first, readable at a glance', async (t) => {
  const { config } = await settledWorld(t);
  const { code, stdout } = await cli(['deliveries', '-c', config]);
  assert.equal(code, 0);
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((row) => row.split(/ {2,}/));
  assert.deepEqual(rows[0], ['UPDATED', 'SINK', 'STATE', 'ATTEMPTS', 'EVENT', 'ID', 'RESULT']);
  assert.deepEqual(
    rows.slice(1).map((row) => row.slice(1, 6)),
    [
      ['slack', 'retrying', '1', 'flag updated two', 'two'],
      ['plain', 'dead', '2', 'flag updated one', 'one'],
      ['slack', 'delivered', '1', 'flag updated one', 'one'],
    ],
  );
  assert.match(rows[1]?.[6] ?? '', /^network: refused, 12ms, next in \d+s$/);
  assert.equal(rows[2]?.[6], 'HTTP 404, 12ms');
  assert.equal(rows[3]?.[6], 'HTTP 200, 12ms');
});

test('deliveries are narrowed by sink, state, time and number', async (t) => {
  const world = await settledWorld(t);
  assert.deepEqual(await listed(world), ['two@slack', 'one@plain', 'one@slack']);
  assert.deepEqual(await listed(world, '--sink', 'plain'), ['one@plain']);
  assert.deepEqual(await listed(world, '--state', 'dead,retrying'), ['two@slack', 'one@plain']);
  assert.deepEqual(await listed(world, '--since', '1h', '--limit', '1'), ['two@slack']);
  assert.deepEqual(await listed(world, '--until', '1h'), []);
  assert.deepEqual(await listed(world, '--since', '2999-01-01T00:00:00Z'), []);
});

test('what is cut off by the limit is said', async (t) => {
  const world = await settledWorld(t);
  const { stdout, stderr } = await cli(['deliveries', '-c', world.config, '--limit', '1']);
  assert.equal(stdout.trimEnd().split('\n').length, 2);
  assert.match(stderr, /there are more than 1 delivery; see --limit/);
});

test('--id explains one event whole', async (t) => {
  const world = await settledWorld(t);
  const { code, stdout } = await cli(['deliveries', '-c', world.config, '--id', 'one']);
  assert.equal(code, 0);
  assert.match(stdout, /^flag updated one\n {2}id {8}one\n {2}source {4}flipt \(flipt\)\n/);
  assert.match(stdout, /"email": "alice@example\.com"/);
  assert.match(stdout, /\nslack {2}delivered, after 1 attempt, HTTP 200, 12ms, /);
  assert.match(stdout, /\n {2}✓ events: flag:updated matches flag:\*\n/);
  assert.match(stdout, /\n {2}✓ match: payload\.namespace_key is "default", as in default, prod-\*\n/);
  assert.match(stdout, /\n {2}✓ sources: flipt is one of flipt\n/);
  assert.match(stdout, /\nplain {2}dead, after 2 attempts, .*, HTTP 404\n/);
  assert.match(
    stdout,
    /\n {2}failure 1 {2}\S+Z {2}status, HTTP 500, 12ms\n {4}it \\u001b\[31mbroke\n {4}badly\n/,
  );
  assert.match(stdout, /\n {2}failure 2 {2}\S+Z {2}status, HTTP 404, 12ms\n {4}gone\n/);
  assert.match(stdout, /\nidle {2}not for this sink\n {2}✗ events: flag:updated is none of segment:\*\n/);
});

test('--id with a sink, as the API writes it, explains that sink alone', async (t) => {
  const world = await settledWorld(t);
  const { stdout } = await cli(['deliveries', '-c', world.config, '--id', 'two@slack']);
  assert.match(stdout, /\nslack {2}retrying, .*next attempt in \d+s\n/);
  assert.doesNotMatch(stdout, /\nplain|\nidle/);
  const json = await cli(['deliveries', '-c', world.config, '--id', 'one@plain', '--json']);
  const { deliveries } = JSON.parse(json.stdout) as { deliveries: Array<{ failed_attempts: unknown[] }> };
  assert.equal(deliveries.length, 1);
  assert.equal(deliveries[0]?.failed_attempts.length, 2);
});

test('what looks like a credential in an event is not shown', async (t) => {
  const world = await JournalWorld.create(t);
  await world.accept(['keyed'], (key) => fliptLine(key).replace('"enabled":true', '"api_key":"hush-hush"'));
  await world.record('slack', 'keyed', 'delivered');
  for (const more of [[], ['--json']]) {
    const { stdout } = await cli(['deliveries', '-c', world.config, '--id', 'keyed', ...more]);
    assert.match(stdout, /"api_key": "\[redacted\]"/);
    assert.doesNotMatch(stdout, /hush-hush|very-secret/);
  }
});

test('an event that no sink has delivered is explained too', async (t) => {
  const world = await settledWorld(t);
  await world.accept(['alone']);
  const { code, stdout } = await cli(['deliveries', '-c', world.config, '--id', 'alone']);
  assert.equal(code, 0);
  for (const sink of ['slack', 'plain', 'idle'])
    assert.match(stdout, new RegExp(`\\n${sink} {2}.*\\n {2}[✓✗] `));
  const json = await cli(['deliveries', '-c', world.config, '--id', 'alone', '--json']);
  assert.deepEqual((JSON.parse(json.stdout) as { deliveries: unknown[] }).deliveries, []);
});

test('an event that the journal does not have exits with 1', async (t) => {
  const world = await settledWorld(t);
  const { code, stderr } = await cli(['deliveries', '-c', world.config, '--id', 'nowhere']);
  assert.equal(code, 1);
  assert.match(stderr, /the journal has no event nowhere: not read, rejected, or past retention/);
});

test('--follow tells what is there, then every change, until it is interrupted', async (t) => {
  const world = await settledWorld(t);
  const running = new RunningCli(['deliveries', '-c', world.config, '--follow', '--json']);
  t.after(() => running.signals.emit('SIGINT'));
  await running.says(/two@slack/);
  await world.record('slack', 'two', 'delivered', [{}]);
  await running.says(/two@slack.*"delivered"/);
  await world.accept(['four']);
  await world.record('plain', 'four', 'dead', [{}]);
  await running.says(/four@plain/);
  running.signals.emit('SIGINT');
  const { code, stdout } = await running.finished;
  assert.equal(code, 0);
  const told = stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { id, state } = JSON.parse(line) as { id: string; state: string };
      return `${id} ${state}`;
    });
  assert.deepEqual(told.slice(0, 3).sort(), ['one@plain dead', 'one@slack delivered', 'two@slack retrying']);
  assert.deepEqual(told.slice(3), ['two@slack delivered', 'four@plain dead']);
});

test('--follow begins with as many as --limit says and does not come back to older ones', async (t) => {
  const world = await settledWorld(t);
  const running = new RunningCli(['deliveries', '-c', world.config, '--follow', '--json', '--limit', '1']);
  t.after(() => running.signals.emit('SIGINT'));
  await running.says(/two@slack/);
  await world.accept(['four']);
  await world.record('plain', 'four', 'delivered');
  await running.says(/four@plain/);
  assert.doesNotMatch(running.stdout, /one@/);
});

test('--follow writes one line each for people', async (t) => {
  const world = await settledWorld(t);
  const running = new RunningCli(['deliveries', '-c', world.config, '--follow', '--sink', 'plain']);
  t.after(() => running.signals.emit('SIGINT'));
  await running.says(/Z {2}plain {2}dead {2}flag updated one {2}one {2}HTTP 404, 12ms {2}2 attempts\n/);
});

test('a sink nobody knows is wrong usage; without a journal there is nothing to show', async (t) => {
  const world = await settledWorld(t);
  const unknown = await cli(['deliveries', '-c', world.config, '--sink', 'slak']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /there is no sink "slak": there are slack, plain, idle/);
  const none = await cli(['deliveries', '-c', configFile(t, journalConfig)]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /no journal at .*: has the daemon ever run with this state_dir\?/);
});
