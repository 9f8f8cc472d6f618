import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SqliteHistory } from '../../src/journal/sqlite-history.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { fliptLine } from '../support/events.ts';
import { HttpReceiver } from '../support/http-receiver.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

test('a template can say what changed, over a restart, and in a replay as of its time', async (t) => {
  const dir = tempDir(t);
  const target = await HttpReceiver.start();
  t.after(() => target.stop());
  const config = {
    sources: [{ name: 'flipt', type: 'file', path: 'audit.log' }],
    sinks: [
      {
        name: 'changes',
        url: target.url,
        concurrency: 1,
        headers: { 'Content-Type': 'text/plain' },
        body: '{{payload.key}}:{{#each changes}} {{path}} {{before}} → {{after}};{{/each}}',
      },
    ],
  };
  const write = (key: string, rollout: number): void =>
    appendFileSync(join(dir, 'audit.log'), `${fliptLine(key, { rollout })}\n`);
  writeFileSync(join(dir, 'audit.log'), '');
  let daemon = await DaemonProcess.start(dir, config);
  t.after(() => daemon.stop('SIGKILL'));
  write('a', 25);
  write('a', 50);
  write('b', 10);
  await until(() => target.received.length === 3, 'three');
  assert.equal(await daemon.stop(), 0);
  write('a', 75);
  write('b', 10);
  daemon = await DaemonProcess.start(dir, config);
  await until(() => target.received.length === 5, 'five');
  const bodies = (): string[] => target.received.map(({ body }) => body);
  assert.deepEqual(bodies(), ['a:', 'a: rollout 25 → 50;', 'b:', 'a: rollout 50 → 75;', 'b:']);

  const history = new SqliteHistory(join(dir, 'state'));
  assert.equal(history.replay('changes', [2], Date.now()), 1);
  history.close();
  await until(() => target.received.length === 6, 'the replay');
  assert.equal(bodies().at(-1), 'a: rollout 25 → 50;');
  assert.equal(await daemon.stop(), 0);
});
