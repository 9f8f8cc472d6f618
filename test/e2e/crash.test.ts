import assert from 'node:assert/strict';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SqliteHistory } from '../../src/journal/sqlite-history.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { fliptLine } from '../support/events.ts';
import { HttpReceiver } from '../support/http-receiver.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

/** More on demand: `AUDITSINK_CRASH_ROUNDS=1000 npm test`. */
const rounds = Number(process.env['AUDITSINK_CRASH_ROUNDS'] ?? 50);

test(`${rounds} times SIGKILL: every event is delivered or dead, none is missing, none settled twice`, async (t) => {
  const dir = tempDir(t);
  const log = join(dir, 'audit.log');
  const target = await HttpReceiver.start((response, { path, body }) => {
    const luck = Math.random();
    if (path === '/steady') response.end();
    else if (body.includes('"poison":true')) response.writeHead(400).end();
    else if (luck < 0.15) response.writeHead(503).end();
    else if (luck < 0.2) response.socket?.destroy();
    else setTimeout(() => response.end(), luck * 10);
  });
  t.after(() => target.stop());
  const url = (name: string): string => `http://127.0.0.1:${target.port}/${name}`;
  const config = {
    admin: { listen: 'off' },
    log: { level: 'error' },
    sources: [{ name: 'flipt', type: 'file', path: 'audit.log' }],
    sinks: [
      { name: 'steady', url: url('steady'), concurrency: 8 },
      {
        name: 'flaky',
        url: url('flaky'),
        concurrency: 4,
        max_backoff_duration: '1h',
        retry: { initial_interval: '20ms', max_interval: '100ms' },
      },
      {
        name: 'ordered',
        url: url('ordered'),
        concurrency: 1,
        max_backoff_duration: '1h',
        retry: { initial_interval: '5ms', max_interval: '20ms' },
      },
    ],
  };
  const names = config.sinks.map(({ name }) => name);
  writeFileSync(log, '');
  let written = 0;
  const isPoison = (n: number): boolean => n % 23 === 7;
  const write = (count: number): void => {
    let text = '';
    for (let i = 0; i < count; i += 1, written += 1) {
      text += `${fliptLine(`k${written}`, isPoison(written) ? { poison: true } : {})}\n`;
    }
    appendFileSync(log, text);
  };

  for (let round = 0; round < rounds; round += 1) {
    const daemon = new DaemonProcess(dir, config);
    write(20);
    const before = target.received.length;
    // Anywhere between the start of the process and the middle of its work.
    if (round % 5 !== 0) {
      await until(() => target.received.length > before || daemon.hasExited, 'a delivery');
      assert.equal(daemon.hasExited, false, daemon.stderr);
    }
    write(Math.floor(Math.random() * 20));
    if (round % 7 === 3) {
      renameSync(log, `${log}.${round}`);
      write(5);
    }
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    await daemon.stop('SIGKILL');
  }

  const daemon = new DaemonProcess(dir, {
    ...config,
    admin: { listen: '127.0.0.1:0' },
    log: { level: 'info' },
  });
  t.after(() => daemon.stop('SIGKILL'));
  await until(() => daemon.isReady, 'the last start');
  const states = (name: string): Map<string, string> => {
    const history = new SqliteHistory(join(dir, 'state'));
    try {
      const settled = history.list({ sink: name, states: ['delivered', 'dead'], limit: 1e6 });
      const byKey = new Map<string, string>();
      for (const { eventId, state } of settled) {
        const [one] = history.detail(eventId, name);
        const key = /"key":"k(\d+)"/.exec(one?.event.text ?? '')?.[1] ?? '';
        assert.ok(!byKey.has(key), `k${key} is settled twice at ${name}`);
        byKey.set(key, state);
      }
      return byKey;
    } finally {
      history.close();
    }
  };
  const pending = async (name: string): Promise<number | undefined> =>
    daemon.metric(`auditsink_sink_pending{sink="${name}"}`);
  for (const name of names) {
    await until(
      async () =>
        (await daemon.metric('auditsink_source_lag_bytes{source="flipt"}')) === 0 &&
        (await pending(name)) === 0,
      `${name} to settle everything`,
      120_000,
    );
  }
  await daemon.stop();

  for (const name of names) {
    const settled = states(name);
    assert.equal(settled.size, written, `${name} settled ${settled.size} of ${written}`);
    const arrived = new Set(
      target.received
        .filter(({ path }) => path === `/${name}`)
        .map(({ body }) => /"key":"k(\d+)"/.exec(body)?.[1]),
    );
    for (let n = 0; n < written; n += 1) {
      const expected = name !== 'steady' && isPoison(n) ? 'dead' : 'delivered';
      assert.equal(settled.get(String(n)), expected, `k${n} at ${name}`);
      assert.ok(arrived.has(String(n)), `k${n} never reached ${name}`);
    }
  }
  // A crash repeats at most what was under way and what ended in the same turn of the loop.
  const steady = target.received.filter(({ path }) => path === '/steady').length;
  assert.ok(steady - written <= rounds * 16, `${steady - written} repeats in ${rounds} crashes`);
  // The journal holds the events in the order in which they were written, over all rotations.
  const history = new SqliteHistory(join(dir, 'state'));
  const accepted = history
    .replayable({ sink: 'steady' }, 0, 1e6)
    .map(({ text }) => Number(/"key":"k(\d+)"/.exec(text)?.[1]));
  history.close();
  assert.deepEqual(
    accepted,
    Array.from({ length: written }, (_, n) => n),
  );
  // In order: what arrives for the first time at the ordered sink is always the next one.
  const firsts: number[] = [];
  for (const { path, body } of target.received) {
    if (path !== '/ordered') continue;
    const n = Number(/"key":"k(\d+)"/.exec(body)?.[1]);
    if (!firsts.includes(n)) firsts.push(n);
  }
  assert.deepEqual(
    firsts,
    [...firsts].sort((a, b) => a - b),
  );
});
