import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { version } from '../../src/core/version.ts';
import { auditLine } from '../../src/cli/demo/flipt-log.ts';
import { HttpReceiver } from '../support/http-receiver.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

/*
 * What operators install, built and used as they would: `npm run test:packaging`. It takes half a minute, and npm
 * needs its registry or a warm cache, so it is not part of `npm test`.
 */
const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const cleanups: Array<() => void> = [];
const dir = tempDir({ after: (fn) => cleanups.push(fn) });
after(() => cleanups.forEach((cleanup) => cleanup()));
// The pinned Node first, wherever this was started from.
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };

/** The commands that every package must bring, and the daemon delivering one event by a shipped template. */
async function works(command: readonly string[], templates: string): Promise<void> {
  const [program = '', ...args] = command;
  const call = (...more: string[]): Promise<{ stdout: string }> =>
    run(program, [...args, ...more], { cwd: dir, env });
  const failsWith = async (code: number, ...more: string[]): Promise<void> => {
    await assert.rejects(call(...more), (error: { code: number }) => error.code === code);
  };
  assert.equal((await call('--version')).stdout, `${version}\n`);
  assert.match((await call('secret')).stdout, /^[\w-]{43}\n$/);
  await failsWith(1, 'healthcheck', '--url', 'http://127.0.0.1:1');
  await failsWith(78, 'check', '-c', 'there-is-none.yaml');
  assert.match((await call('demo', '--events', '1')).stdout, /^1 event read, /m);

  const receiver = await HttpReceiver.start();
  const work = tempDir({ after: (fn) => cleanups.push(fn) });
  const log = join(work, 'audit.log');
  const config = join(work, 'config.yaml');
  writeFileSync(log, '');
  writeFileSync(
    config,
    JSON.stringify({
      admin: { listen: '127.0.0.1:0' },
      sources: [{ name: 'flipt', type: 'file', path: log }],
      sinks: [{ name: 'slack', url: receiver.url, template: join(templates, 'slack.hbs') }],
    }),
  );
  assert.match((await call('check', '-c', config)).stdout, /: ok, 1 source, 1 sink\n$/);
  const daemon = spawn(program, [...args, 'run', '-c', config], { cwd: dir, env, stdio: 'ignore' });
  const exited = once(daemon, 'exit');
  appendFileSync(log, auditLine(0, new Date()));
  await until(() => receiver.received.length === 1, 'the event to arrive');
  daemon.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
  await receiver.stop();
}

test('the npm package, installed in an empty folder', async () => {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', dir], { cwd: root, env });
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, { filename: string }>);
  writeFileSync(join(dir, 'package.json'), '{ "private": true }');
  const tarball = join(dir, packed?.filename ?? '');
  await run('npm', ['install', '--prefer-offline', '--no-audit', tarball], { cwd: dir, env });
  const installed = join(dir, 'node_modules/auditsink');
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'config.example.yaml', 'config.schema.json'])
    assert.ok(existsSync(join(installed, file)), file);
  for (const folder of ['src', 'test', 'node_modules'])
    assert.ok(!existsSync(join(installed, folder)), folder);
  const npx = await run('npx', ['--no-install', 'auditsink', '--version'], { cwd: dir, env });
  assert.equal(npx.stdout, `${version}\n`);
  // Not by npx, which would stand between it and its signals.
  await works([join(dir, 'node_modules/.bin/auditsink')], join(installed, 'templates'));
});

test('the bundle', async () => {
  const to = join(dir, 'bundle');
  await run(process.execPath, [join(root, 'scripts/bundle.ts'), '--to', to], { cwd: root, env });
  await works([process.execPath, join(to, 'dist/cli.mjs')], join(to, 'templates'));
});

test('the single executable', async () => {
  await run(process.execPath, [join(root, 'scripts/sea.ts')], { cwd: root, env });
  await works([join(root, 'build/sea/auditsink')], join(root, 'build/sea/templates'));
});

test('the file system of the image', { skip: process.getuid?.() !== 0 && 'needs root' }, async () => {
  const rootfs = join(dir, 'rootfs');
  await run(join(root, 'deploy/rootfs.sh'), [process.execPath, join(dir, 'bundle'), rootfs], { env });
  await run(join(root, 'deploy/compile-cache.sh'), [rootfs], { env });
  const { stdout, stderr } = await run(
    'chroot',
    ['--userspec=65532:65532', rootfs, '/usr/local/bin/auditsink', '--version'],
    { env: { ...env, NODE_COMPILE_CACHE: '/opt/auditsink/cache', NODE_DEBUG_NATIVE: 'COMPILE_CACHE' } },
  );
  assert.equal(stdout, `${version}\n`);
  assert.match(stderr, /cli\.mjs.* was accepted/);
});
