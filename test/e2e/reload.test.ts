import assert from 'node:assert/strict';
import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { DaemonProcess } from '../support/daemon-process.ts';
import { fliptLine } from '../support/events.ts';
import { HttpReceiver } from '../support/http-receiver.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

test('reloads under load lose nothing and repeat nothing', async (t) => {
  const dir = tempDir(t);
  const target = await HttpReceiver.start((response) => {
    setTimeout(() => response.end(), Math.random() * 5);
  });
  t.after(() => target.stop());
  const template = join(dir, 'message.hbs');
  writeFileSync(template, '{"n": 0, "key":"{{payload.key}}"}\n');
  const configOf = (round: number): object => ({
    admin: { listen: '127.0.0.1:0' },
    sources: [{ name: 'flipt', type: 'file', path: 'audit.log', poll_interval: `${250 + (round % 2)}ms` }],
    sinks: [
      { name: 'steady', url: `${target.url}/steady` },
      { name: 'changing', url: `${target.url}/changing?round=${round}`, concurrency: 1 + (round % 4) },
      { name: 'templated', url: `${target.url}/templated`, template: 'message.hbs' },
      // Comes and goes, and keeps its place meanwhile.
      ...(round % 3 === 2
        ? []
        : [{ name: 'fleeting', url: `${target.url}/fleeting`, start_from: 'beginning' }]),
    ],
  });
  writeFileSync(join(dir, 'audit.log'), '');
  const daemon = await DaemonProcess.start(dir, configOf(0));
  t.after(() => daemon.stop('SIGKILL'));

  let written = 0;
  const write = (): void => {
    let text = '';
    for (let i = 0; i < 10; i += 1, written += 1) text += `${fliptLine(`k${written}`)}\n`;
    appendFileSync(join(dir, 'audit.log'), text);
  };
  const writer = setInterval(write, 10);
  const reloads = (): number => daemon.log.filter(({ msg }) => msg === 'config reloaded').length;
  for (let round = 1; round <= 12; round += 1) {
    const before = reloads();
    if (round % 4 === 3) {
      // Half a file first, as an editor or a slow copy leaves it for a moment.
      writeFileSync(join(dir, 'config.json'), JSON.stringify(configOf(round)).slice(0, 100));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    writeFileSync(join(dir, 'next.json'), JSON.stringify(configOf(round)));
    renameSync(join(dir, 'next.json'), join(dir, 'config.json'));
    if (round % 2 === 0) writeFileSync(template, `{"n": ${round}, "key":"{{payload.key}}"}\n`);
    daemon.signal('SIGHUP');
    await until(() => reloads() > before, `reload ${round}`);
  }
  clearInterval(writer);
  write();
  const keysAt = (path: string): string[] =>
    target.received
      .filter((one) => one.path.startsWith(`/hook/${path}`))
      .map(({ body }) => /"key":"k(\d+)"/.exec(body)?.[1] ?? '');
  const paths = ['steady', 'changing', 'templated', 'fleeting'];
  const missing = (): string[] => paths.filter((path) => new Set(keysAt(path)).size < written);
  await until(() => missing().length === 0, 'everything at every sink').catch((error: unknown) => {
    assert.fail(
      `${String(error)}: ${missing()
        .map((path) => `${path} has ${keysAt(path).length} of ${written}`)
        .join(', ')}`,
    );
  });
  assert.equal(await daemon.stop(), 0);
  for (const path of paths) assert.equal(keysAt(path).length, written, `${path} got something twice`);
  assert.ok(
    target.received.some(({ body }) => body.startsWith('{"n": 12')),
    'the last template was used',
  );
});

/** A receiver whose sink at `/hangs` never gets an answer. */
async function hangingReceiver(t: TestContext): Promise<HttpReceiver> {
  const target = await HttpReceiver.start((response, { path }) => {
    if (!path.startsWith('/hook/hangs')) response.end();
  });
  t.after(() => target.stop());
  return target;
}

test('a reload that waits for a hanging receiver holds up neither other sinks nor the stop', async (t) => {
  const dir = tempDir(t);
  const target = await hangingReceiver(t);
  const configOf = (concurrency: number): object => ({
    admin: { listen: '127.0.0.1:0' },
    shutdown_grace: '300ms',
    sources: [{ name: 'flipt', type: 'file', path: 'audit.log' }],
    sinks: ['hangs', 'healthy'].map((name) => ({
      name,
      url: `${target.url}/${name}`,
      concurrency,
      timeout: '120s',
    })),
  });
  writeFileSync(join(dir, 'audit.log'), `${fliptLine('a')}\n`);
  const daemon = await DaemonProcess.start(dir, configOf(2));
  t.after(() => daemon.stop('SIGKILL'));
  const atHealthy = (): number => target.received.filter(({ path }) => path === '/hook/healthy').length;
  await until(() => target.received.length === 2, 'both requests');
  writeFileSync(join(dir, 'config.json'), JSON.stringify(configOf(3)));
  daemon.signal('SIGHUP');
  appendFileSync(join(dir, 'audit.log'), `${fliptLine('b')}\n`);
  await until(() => atHealthy() === 2, 'the healthy sink to go on');
  assert.equal(
    daemon.output.includes('config reloaded'),
    false,
    'the hanging sink is still being waited for',
  );
  assert.equal(await daemon.stop(), 0);
});

test('a reload that cannot be made changes nothing at all', async (t) => {
  const dir = tempDir(t);
  const target = await HttpReceiver.start();
  t.after(() => target.stop());
  const sinks = [{ name: 'hook', url: target.url }];
  const file = { name: 'flipt', type: 'file', path: 'audit.log' };
  writeFileSync(join(dir, 'audit.log'), '');
  const daemon = await DaemonProcess.start(dir, { sources: [file], sinks });
  t.after(() => daemon.stop('SIGKILL'));
  // The receiver's own port is taken; the file source is changed in the same breath.
  const http = { name: 'intake', type: 'http', listen: `127.0.0.1:${target.port}`, path: '/in' };
  const broken = {
    admin: { listen: '127.0.0.1:0' },
    sources: [http, { ...file, poll_interval: '1s' }],
    sinks,
  };
  writeFileSync(join(dir, 'config.json'), JSON.stringify(broken));
  await until(() => daemon.output.includes('config reload failed'), 'the refusal');
  appendFileSync(join(dir, 'audit.log'), `${fliptLine('a')}\n`);
  await until(() => target.received.length === 1, 'the old source to go on');
  assert.equal(await daemon.stop(), 0);
});

test('a stop is not held up by a reload that waits for a full journal', async (t) => {
  const dir = tempDir(t);
  const configOf = (poll: string): object => ({
    admin: { listen: '127.0.0.1:0' },
    journal: { max_bytes: '1MiB' },
    shutdown_grace: '1s',
    sources: [{ name: 'flipt', type: 'file', path: 'audit.log', poll_interval: poll }],
    sinks: [{ name: 'dead', url: 'http://127.0.0.1:1/', max_backoff_duration: '1h' }],
  });
  const lines = Array.from({ length: 4000 }, (_, i) => fliptLine(`k${i}`));
  writeFileSync(join(dir, 'audit.log'), `${lines.join('\n')}\n`);
  const daemon = await DaemonProcess.start(dir, configOf('250ms'));
  t.after(() => daemon.stop('SIGKILL'));
  await until(() => daemon.output.includes('journal is full'), 'the full journal');
  writeFileSync(join(dir, 'config.json'), JSON.stringify(configOf('300ms')));
  daemon.signal('SIGHUP');
  await until(() => daemon.output.includes('config reloaded'), 'the reload');
  daemon.signal('SIGTERM');
  await until(() => daemon.hasExited, 'the end');
  assert.equal(await daemon.exit(), 0);
});

test('a state directory removed under it ends the daemon with a word', async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'audit.log'), '');
  const daemon = await DaemonProcess.start(dir, {
    sources: [{ name: 'flipt', type: 'file', path: 'audit.log' }],
    sinks: [{ name: 'hook', url: 'http://127.0.0.1:1/' }],
  });
  t.after(() => daemon.stop('SIGKILL'));
  rmSync(join(dir, 'state'), { recursive: true });
  assert.equal(await daemon.exit(), 1);
  assert.match(daemon.stderr, /journal was removed/);
});

test('what needs a restart is told once, and not any more when it is as it was', async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, 'audit.log'), '');
  const configWith = (shutdownGrace: string, level: object): object => ({
    ...level,
    shutdown_grace: shutdownGrace,
    sources: [{ name: 'flipt', type: 'file', path: 'audit.log' }],
    sinks: [{ name: 'nobody', url: 'http://127.0.0.1:9/' }],
  });
  const daemon = await DaemonProcess.start(dir, configWith('1s', {}));
  t.after(() => daemon.stop('SIGKILL'));
  const told = (): number => daemon.log.filter(({ setting }) => setting === 'admin').length;
  const reloads = (): number => daemon.log.filter(({ msg }) => msg === 'config reloaded').length;
  const reload = async (grace: string, more: object): Promise<void> => {
    const before = reloads();
    const config = { admin: { listen: '127.0.0.1:0' }, ...configWith(grace, more) };
    writeFileSync(join(dir, 'next.json'), JSON.stringify(config));
    renameSync(join(dir, 'next.json'), join(dir, 'config.json'));
    await until(() => reloads() > before, 'the reload');
  };
  await reload('2s', { admin: { listen: '127.0.0.1:1' } });
  assert.equal(told(), 1);
  await reload('3s', {});
  assert.equal(told(), 1);
});
