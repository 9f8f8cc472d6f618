import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { contentFingerprint } from '../../src/config/fingerprint.ts';
import { watchConfigFiles } from '../../src/config/watch.ts';
import type { WatchOptions } from '../../src/config/watch.ts';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'auditsink-watch-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `waited for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function watching(t: TestContext, files: string[], options: WatchOptions = {}) {
  const seen = { changes: 0, fingerprints: [] as string[] };
  const watcher = watchConfigFiles(
    files,
    () => {
      seen.changes += 1;
      seen.fingerprints.push(contentFingerprint(files));
    },
    { settleMs: 60, pollMs: 300, ...options },
  );
  t.after(() => watcher.close());
  return { watcher, seen };
}

test('a change in place and a replaced file are told once each', async (t) => {
  const dir = folder(t);
  const file = join(dir, 'config.yaml');
  writeFileSync(file, 'a');
  const { seen } = watching(t, [file]);

  writeFileSync(file, 'b');
  await until(() => seen.changes === 1, 'the write in place');
  writeFileSync(join(dir, 'config.yaml.swp'), 'c');
  renameSync(join(dir, 'config.yaml.swp'), file);
  await until(() => seen.changes === 2, 'the replaced file');
});

test('watchers tell of it without the poll', async (t) => {
  const dir = folder(t);
  const file = join(dir, 'config.yaml');
  writeFileSync(file, 'a');
  const { seen } = watching(t, [file], { pollMs: 3_600_000 });
  // The watcher starts in its own time, and what happens before that is the poll's to find.
  const deadline = Date.now() + 20_000;
  for (let i = 0; seen.changes === 0; i += 1) {
    assert.ok(Date.now() < deadline, 'waited for the watcher');
    writeFileSync(file, `b${i}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
});

test('the switch of a Kubernetes ConfigMap is one change', async (t) => {
  const dir = folder(t);
  for (const [version, text] of [
    ['..1', 'old'],
    ['..2', 'new'],
  ] as const) {
    mkdirSync(join(dir, version));
    writeFileSync(join(dir, version, 'config.yaml'), text);
  }
  symlinkSync('..1', join(dir, '..data'));
  symlinkSync('..data/config.yaml', join(dir, 'config.yaml'));
  const { seen } = watching(t, [join(dir, 'config.yaml')]);

  symlinkSync('..2', join(dir, '..data_tmp'));
  renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
  rmSync(join(dir, '..1'), { recursive: true });
  await until(() => seen.changes === 1, 'the switch');
  writeFileSync(join(dir, '..2', 'config.yaml'), 'newer');
  await until(() => seen.changes === 2, 'a write behind the switched link');
});

test('a file written in steps is told of when it is whole', async (t) => {
  const dir = folder(t);
  const file = join(dir, 'config.yaml');
  writeFileSync(file, 'old');
  const { seen } = watching(t, [file], { settleMs: 1200, pollMs: 20 });

  writeFileSync(file, '');
  for (const part of ['a', 'b', 'c', 'd']) {
    writeFileSync(file, part, { flag: 'a' });
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await until(() => seen.changes > 0, 'the whole file');
  assert.deepEqual(seen.fingerprints, [contentFingerprint([file])]);
});

test('a missing file, a missing folder and a new partial are noticed', async (t) => {
  const dir = folder(t);
  const partials = join(dir, 'templates', 'partials');
  const secret = join(dir, 'secret');
  const { seen } = watching(t, [secret, partials]);

  writeFileSync(secret, 's');
  await until(() => seen.changes === 1, 'the secret file');
  mkdirSync(partials, { recursive: true });
  await until(() => seen.changes === 2, 'the folder');
  writeFileSync(join(partials, 'actor.hbs'), '{{x}}');
  await until(() => seen.changes === 3, 'the partial');
  rmSync(secret);
  await until(() => seen.changes === 4, 'the removed file');
});

test('writing the same content again is no change, and other files of the folder are nobody’s business', async (t) => {
  const dir = folder(t);
  const file = join(dir, 'config.yaml');
  writeFileSync(file, 'a');
  const { seen } = watching(t, [file], { settleMs: 20, pollMs: 20 });
  writeFileSync(file, 'a');
  writeFileSync(join(dir, 'audit.log'), 'line');
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(seen.changes, 0);
  writeFileSync(file, 'b');
  await until(() => seen.changes === 1, 'a real change afterwards');
});

test('setFiles keeps what is known of files that stay, so no change between two lists is lost', async (t) => {
  const dir = folder(t);
  const [file, other] = [join(dir, 'config.yaml'), join(dir, 'other.hbs')];
  writeFileSync(file, 'a');
  writeFileSync(other, 'x');
  const { watcher, seen } = watching(t, [file]);
  writeFileSync(file, 'b');
  watcher.setFiles([file, other]);
  await until(() => seen.changes === 1, 'the change made before setFiles');
  writeFileSync(other, 'y');
  await until(() => seen.changes === 2, 'a change of the new file');
});
