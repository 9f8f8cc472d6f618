import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sampleTexts } from '../../src/core/samples.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { fliptLine } from '../support/events.ts';
import { HttpReceiver } from '../support/http-receiver.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const execFileAsync = promisify(execFile);

test('pause, resume and replay from another process reach the running daemon', async (t) => {
  const dir = tempDir(t);
  let status = 400;
  const target = await HttpReceiver.start((response) => response.writeHead(status).end('no'));
  t.after(() => target.stop());
  writeFileSync(join(dir, 'audit.log'), '');
  const config = {
    sources: [{ name: 'flipt', type: 'file', path: 'audit.log' }],
    sinks: [{ name: 'hook', url: target.url }],
  };
  const daemon = await DaemonProcess.start(dir, config);
  t.after(() => daemon.stop('SIGKILL'));
  const auditsink = async (...args: string[]): Promise<string> => {
    const [command = '', ...rest] = args;
    return (await execFileAsync(process.execPath, [cli, command, '-c', join(dir, 'config.json'), ...rest]))
      .stdout;
  };
  const write = (key: string): void => appendFileSync(join(dir, 'audit.log'), `${fliptLine(key)}\n`);
  const deliveries = async (): Promise<string[]> =>
    (await auditsink('deliveries', '--json'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { state: string }).state);

  write('a');
  write('b');
  await until(
    async () => (await deliveries()).filter((state) => state === 'dead').length === 2,
    'two dead deliveries',
  );

  await auditsink('pause', '--sink', 'hook');
  await until(
    async () => (await daemon.metric('auditsink_sink_paused{sink="hook",reason="manual"}')) === 1,
    'the pause',
  );
  status = 200;
  write('c');
  assert.match(await auditsink('replay', '--sink', 'hook', '--dead', '--dry-run'), /2/);
  await auditsink('replay', '--sink', 'hook', '--dead');
  await until(async () => (await daemon.metric('auditsink_sink_pending{sink="hook"}')) === 3, 'three owed');
  assert.equal(target.received.length, 2, 'nothing is sent while it is paused');

  await auditsink('resume', '--sink', 'hook');
  await until(() => target.received.length === 5, 'all three');
  await until(async () => (await deliveries()).every((state) => state === 'delivered'), 'three delivered');
  assert.deepEqual([...target.keys].sort(), ['a', 'a', 'b', 'b', 'c']);
  assert.equal(await daemon.stop(), 0);
});

test('a test by the admin API sends an event in the format of the sources of the sink', async (t) => {
  const dir = tempDir(t);
  const target = await HttpReceiver.start();
  t.after(() => target.stop());
  for (const log of ['flipt.log', 'unleash.log']) writeFileSync(join(dir, log), '');
  const daemon = await DaemonProcess.start(dir, {
    sources: [
      { name: 'flipt', type: 'file', path: 'flipt.log', format: 'flipt' },
      { name: 'unleash', type: 'file', path: 'unleash.log', format: 'unleash' },
    ],
    sinks: [
      { name: 'hook', url: target.url, sources: ['unleash'], match: { 'payload.project': 'of-ours-alone' } },
    ],
  });
  t.after(() => daemon.stop('SIGKILL'));
  const answer = await fetch(`${daemon.adminUrl}/api/v1/sinks/hook/test`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  assert.equal(answer.status, 200);
  const [sent] = target.received;
  const compact = (json: string): string => JSON.stringify(JSON.parse(json));
  const samples = sampleTexts.filter(({ format }) => format === 'unleash').map(({ text }) => compact(text));
  assert.ok(samples.includes(compact(sent?.body ?? '""')), 'an event of Unleash');
});
