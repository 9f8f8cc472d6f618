import assert from 'node:assert/strict';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
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
