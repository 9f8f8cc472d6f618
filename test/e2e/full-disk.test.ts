import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { DaemonProcess } from '../support/daemon-process.ts';
import { fliptLine } from '../support/events.ts';
import { HttpReceiver } from '../support/http-receiver.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

/** A folder on a disk of its own of this size; null where none can be mounted. */
function smallDisk(t: TestContext, size: string): string | null {
  const state = mkdtempSync(join(tmpdir(), 'auditsink-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', state]).status === 0;
  t.after(() => {
    // Lazily: a daemon that a failed test left behind may still be using it.
    if (mounted) spawnSync('umount', ['-l', state]);
    rmdirSync(state);
  });
  if (!mounted) t.skip('a small disk cannot be mounted here');
  return mounted ? state : null;
}

test('a disk that fills up stops nothing for good and loses nothing', async (t) => {
  const state = smallDisk(t, '16m');
  if (state === null) return;
  const dir = tempDir(t);
  const target = await HttpReceiver.start();
  t.after(() => target.stop());
  writeFileSync(join(dir, 'audit.log'), '');
  const daemon = await DaemonProcess.start(dir, {
    state_dir: state,
    sources: [{ name: 'flipt', type: 'file', path: 'audit.log' }],
    sinks: [{ name: 'hook', url: target.url }],
  });
  t.after(() => daemon.stop('SIGKILL'));

  // Somebody else fills the disk.
  const ballast = join(state, 'ballast');
  assert.throws(() => writeFileSync(ballast, Buffer.alloc(32 * 2 ** 20)), /ENOSPC/);
  const lines = Array.from({ length: 2000 }, (_, i) => fliptLine(`k${i}`));
  appendFileSync(join(dir, 'audit.log'), `${lines.join('\n')}\n`);
  await until(() => daemon.output.includes('journal cannot be written'), 'the complaint');
  assert.equal((await fetch(`${daemon.adminUrl}/readyz`)).status, 503);
  assert.equal((await fetch(`${daemon.adminUrl}/healthz`)).status, 200);

  rmSync(ballast);
  await until(() => new Set(target.keys).size === 2000, 'everything');
  await until(async () => (await fetch(`${daemon.adminUrl}/readyz`)).status === 200, 'readiness');
  assert.equal(await daemon.stop(), 0);
});

test('a disk that is full at the stop does not hold it up', async (t) => {
  const state = smallDisk(t, '1m');
  if (state === null) return;
  const dir = tempDir(t);
  writeFileSync(join(dir, 'audit.log'), '');
  const daemon = await DaemonProcess.start(dir, {
    state_dir: state,
    shutdown_grace: '1s',
    sources: [{ name: 'flipt', type: 'file', path: 'audit.log' }],
    sinks: [{ name: 'hook', url: 'http://127.0.0.1:1/', max_backoff_duration: '1h' }],
  });
  t.after(() => daemon.stop('SIGKILL'));
  const lines = Array.from({ length: 5000 }, (_, i) => fliptLine(`k${i}`));
  appendFileSync(join(dir, 'audit.log'), `${lines.join('\n')}\n`);
  await until(() => daemon.output.includes('journal cannot be written'), 'the complaint');
  daemon.signal('SIGTERM');
  await until(() => daemon.hasExited, 'the end');
});
