import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { replay } from '../../src/app/replay.ts';
import type { SinkPlan } from '../../src/app/sink-plan.ts';
import { SqliteHistory } from '../../src/journal/sqlite-history.ts';
import { JournalWorld } from './journal-world.ts';
import { cli } from './world.ts';

test('sinks shows state, backlog, dead and the last success and error of each', async (t) => {
  const world = await JournalWorld.create(t);
  await world.accept(['one', 'two']);
  await world.record('slack', 'one', 'delivered');
  await world.record('plain', 'one', 'dead', [{ reason: 'HTTP 404', status: 404 }]);
  await world.record('plain', 'two', 'retrying', [{}]);
  const { code, stdout } = await cli(['sinks', '-c', world.config]);
  assert.equal(code, 0);
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((row) => row.split(/ {2,}/));
  assert.deepEqual(rows[0], ['SINK', 'STATE', 'PENDING', 'DEAD', 'LAST SUCCESS', 'LAST ERROR']);
  assert.deepEqual(rows[1]?.slice(0, 4), ['slack', 'healthy', '0', '0']);
  assert.equal(rows[1]?.[5], '-');
  assert.deepEqual(rows[2]?.slice(0, 5), ['plain', 'retrying', '1', '1', '-']);
  assert.match(rows[2]?.[5] ?? '', /: network: refused$/);
  assert.deepEqual(rows[3], ['idle', 'healthy', '0', '0', '-', '-']);
  const json = JSON.parse((await cli(['sinks', '-c', world.config, '--json'])).stdout) as object[];
  assert.deepEqual(
    json.map((status) => Object.entries(status).slice(0, 2)),
    [
      [
        ['sink', 'slack'],
        ['state', 'healthy'],
      ],
      [
        ['sink', 'plain'],
        ['state', 'retrying'],
      ],
      [
        ['sink', 'idle'],
        ['state', 'healthy'],
      ],
    ],
  );
});

test('pause holds a sink in the journal, resume lets it go', async (t) => {
  const world = await JournalWorld.create(t);
  const isPaused = async (): Promise<boolean> => (await world.journal.openSink('plain', 0)).paused;
  const paused = await cli(['pause', '-c', world.config, '--sink', 'plain']);
  assert.deepEqual(paused, {
    code: 0,
    stdout: 'plain is paused: its events are kept until `auditsink resume --sink plain`\n',
    stderr: '',
  });
  assert.equal(await isPaused(), true);
  assert.match((await cli(['sinks', '-c', world.config])).stdout, /\nplain +paused /);
  const resumed = await cli(['resume', '-c', world.config, '--sink', 'plain']);
  assert.deepEqual(resumed, { code: 0, stdout: 'plain goes on\n', stderr: '' });
  assert.equal(await isPaused(), false);
});

test('a sink the journal does not know yet cannot be paused or replayed', async (t) => {
  const world = await JournalWorld.create(t);
  for (const args of [['pause'], ['replay', '--dead']]) {
    const { code, stderr } = await cli([...args, '-c', world.config, '--sink', 'idle']);
    assert.equal(code, 1);
    assert.match(stderr, /the journal does not know the sink idle yet: start the daemon with it once/);
  }
});

test('replay --dead owes dead deliveries again; a dry run only counts', async (t) => {
  const world = await JournalWorld.create(t);
  await world.accept(['one', 'two', 'three']);
  await world.record('plain', 'one', 'dead', [{}]);
  await world.record('plain', 'two', 'dead', [{}]);
  await world.record('plain', 'three', 'delivered');
  const args = ['replay', '-c', world.config, '--sink', 'plain', '--dead'];
  const open = async (): Promise<number> => (await world.journal.openDeliveries('plain', 10)).length;

  const dry = await cli([...args, '--dry-run']);
  assert.deepEqual(dry, { code: 0, stdout: '2 events would be owed to plain again\n', stderr: '' });
  assert.equal(await open(), 0);

  const real = await cli(args);
  assert.deepEqual(real, {
    code: 0,
    stdout: '2 events owed to plain again; the daemon delivers them\n',
    stderr: '',
  });
  assert.equal(await open(), 2);

  assert.equal((await cli(args)).stdout, 'nothing to replay to plain\n');
  assert.deepEqual(JSON.parse((await cli([...args, '--json'])).stdout), {
    matched: 0,
    owed: 0,
    dry_run: false,
  });
});

test('replay means what was there when it began, however much arrives meanwhile', async (t) => {
  const world = await JournalWorld.create(t);
  const accept = async (from: number, count: number): Promise<void> => {
    const keys = Array.from({ length: count }, (_, i) => `k${from + i}`);
    await world.accept(keys);
    for (const key of keys) await world.record('plain', key, 'delivered');
  };
  await accept(0, 1500);
  const history = new SqliteHistory(join(dirname(world.config), 'state'));
  t.after(() => history.close());
  let pages = 0;
  const plan = { wants: () => true } as unknown as SinkPlan;
  const arrives = (): void => {
    pages += 1;
    if (pages < 5) accept(1500 + pages * 1000, 1000).catch(assert.ifError);
  };
  const options = { dryRun: true, now: Date.now(), onPage: arrives };
  assert.deepEqual(await replay(history, plan, { sink: 'plain', since: 0 }, options), {
    matched: 1500,
    owed: 0,
  });
});

test('replay by id and by time', async (t) => {
  const world = await JournalWorld.create(t);
  await world.accept(['one', 'two', 'three']);
  for (const key of ['one', 'two', 'three']) await world.record('plain', key, 'delivered');
  const args = ['replay', '-c', world.config, '--sink', 'plain', '--json'];
  const matched = async (...more: string[]): Promise<unknown> =>
    (JSON.parse((await cli([...args, '--dry-run', ...more])).stdout) as { matched: number }).matched;
  assert.equal(await matched('--since', '1h'), 3);
  assert.equal(await matched('--until', '1h'), 0);
  assert.equal(await matched('--id', 'one', '--id', 'three'), 2);
  assert.equal(await matched('--dead'), 0);
});

test('replay of an id that is not to be found exits with 1', async (t) => {
  const world = await JournalWorld.create(t);
  const { code, stdout } = await cli(['replay', '-c', world.config, '--sink', 'plain', '--id', 'nowhere']);
  assert.equal(code, 1);
  assert.match(stdout, /the event is not in the journal, still owed, or not for this sink/);
});

test('replay respects the filter of the sink, and shows progress on a terminal', async (t) => {
  const world = await JournalWorld.create(t);
  await world.accept(
    ['mine'],
    () =>
      '{"version":"0.2","type":"flag","action":"deleted","metadata":{},"payload":{"key":"mine","namespace_key":"elsewhere"},"timestamp":"2026-01-15T09:30:00Z","status":"success"}',
  );
  await world.accept(['other']);
  for (const key of ['mine', 'other']) await world.record('slack', key, 'dead', [{}]);
  const args = ['replay', '-c', world.config, '--sink', 'slack', '--since', '1d'];
  const { stdout, stderr } = await cli(args, { tty: true });
  assert.equal(stdout, '1 event owed to slack again; the daemon delivers them\n');
  assert.match(stderr, /\r1 event so far …/);
});
