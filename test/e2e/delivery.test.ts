import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { sampleTexts } from '../../src/core/samples.ts';
import { SqliteHistory } from '../../src/journal/sqlite-history.ts';
import { fliptLine } from '../support/events.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { HttpReceiver } from '../support/http-receiver.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

async function receiver(t: TestContext, answer?: HttpReceiver['answer']): Promise<HttpReceiver> {
  const started = await HttpReceiver.start(answer);
  t.after(() => started.stop());
  return started;
}

async function daemon(
  t: TestContext,
  dir: string,
  config: object,
  env?: NodeJS.ProcessEnv,
): Promise<DaemonProcess> {
  const started = await DaemonProcess.start(dir, config, env);
  t.after(() => started.stop('SIGKILL'));
  return started;
}

const fileSource = { name: 'flipt', type: 'file', path: 'audit.log' };

function statesOf(dir: string, sink: string): Record<string, string> {
  const history = new SqliteHistory(join(dir, 'state'));
  try {
    return Object.fromEntries(
      history
        .list({ sink, limit: 1000 })
        .map(({ seq, state, attempts, reason }) => [
          String(seq),
          `${state} ${attempts} ${reason ?? ''}`.trim(),
        ]),
    );
  } finally {
    history.close();
  }
}

/** The four forms in which Flipt writes one event into a log; `text` is the webhook's form. */
function lineForms(text: string): string[] {
  const event = JSON.parse(text) as Record<string, unknown>;
  const { version, type, action, status, metadata, payload, timestamp } = event;
  const ordered = {
    version,
    type,
    action,
    ...(status === undefined ? {} : { status }),
    metadata,
    payload,
    timestamp,
  };
  const spaced = `{${Object.entries(ordered)
    .map(([key, value]) => `"${key}": ${JSON.stringify(value)}`)
    .join(', ')}}`;
  return [
    spaced,
    JSON.stringify(ordered),
    `2026-01-15T09:30:02Z\tAUDIT\t${spaced}`,
    JSON.stringify({ T: '2026-01-15T09:30:02Z', M: 'AUDIT', ...ordered }),
  ];
}

test('every Flipt event in every line form arrives as Flipt itself would send it, signed', async (t) => {
  const dir = tempDir(t);
  const target = await receiver(t);
  const samples = sampleTexts.filter(({ format }) => format === 'flipt').map(({ text }) => text);
  assert.ok(samples.length >= 20, 'the samples cover types, actions and statuses');
  const appLog = '2026-01-15T09:30:01Z\tINFO\tfinished unary call\t{"grpc.code": "OK"}';
  const lines = samples.flatMap((text) => [...lineForms(text), appLog]);
  writeFileSync(join(dir, 'audit.log'), `${lines.join('\n')}\n`);
  const running = await daemon(t, dir, {
    sources: [fileSource],
    sinks: [{ name: 'hook', url: target.url, signing_secret: 's3crET', concurrency: 1 }],
  });
  await until(() => target.received.length >= samples.length * 4, 'all deliveries');
  assert.deepEqual(
    target.received.map(({ body }) => body),
    samples.flatMap((text) => [text, text, text, text]),
  );
  for (const { headers, body } of target.received) {
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(
      headers['x-flipt-webhook-signature'],
      createHmac('sha256', 's3crET').update(body).digest('hex'),
    );
  }
  assert.equal(
    new Set(target.received.map(({ headers }) => headers['idempotency-key'])).size,
    samples.length * 4,
  );
  assert.equal(await running.metric('auditsink_events_read_total{source="flipt"}'), samples.length * 4);
  assert.equal(await running.metric('auditsink_lines_skipped_total{source="flipt"}'), samples.length);
  assert.equal(await running.stop(), 0);
});

test('filter, template and several sinks', async (t) => {
  const dir = tempDir(t);
  const target = await receiver(t);
  writeFileSync(
    join(dir, 'message.hbs'),
    '{"text": "{{type}} {{action}}: {{payload.name}}", "all": {{toJson payload}}}\n',
  );
  writeFileSync(join(dir, 'audit.log'), [fliptLine('one', { name: 'say "hi"\n<!channel>' }), ''].join('\n'));
  await daemon(t, dir, {
    sources: [fileSource],
    sinks: [
      { name: 'slack', url: `${target.url}/slack`, template: 'message.hbs' },
      { name: 'deleted', url: `${target.url}/deleted`, events: ['*:deleted'] },
      { name: 'production', url: `${target.url}/production`, match: { 'payload.namespace_key': 'prod*' } },
      { name: 'tree', url: `${target.url}/tree`, body: { hello: '{{payload.name}}', n: 1 } },
    ],
  });
  appendFileSync(join(dir, 'audit.log'), `${fliptLine('two', { namespace_key: 'production' })}\n`);
  await until(() => target.received.length >= 5, 'five deliveries');
  await until(() => statesOf(dir, 'production')['2'] !== undefined, 'the record');
  const paths = target.received.map(({ path }) => path.replace('/hook/', '')).sort();
  assert.deepEqual(paths, ['production', 'slack', 'slack', 'tree', 'tree']);
  const slack = target.received.find(({ path, body }) => path.endsWith('/slack') && body.includes('hi'));
  assert.deepEqual(
    (JSON.parse(slack?.body ?? '') as { text: string }).text,
    'flag updated: say "hi"\n<!channel>',
  );
  const tree = target.received.find(({ path }) => path.endsWith('/tree'));
  assert.deepEqual(JSON.parse(tree?.body ?? ''), { hello: 'say "hi"\n<!channel>', n: 1 });
});

test('bad receivers: each gets the right outcome, and the others are not harmed', async (t) => {
  const dir = tempDir(t);
  const target = await receiver(t, (response, { path }, request) => {
    switch (path) {
      case '/fails':
        response.writeHead(500).end('broken');
        break;
      case '/missing':
        response.writeHead(404).end();
        break;
      case '/hangs':
        break;
      case '/resets':
        request.socket.resetAndDestroy();
        break;
      case '/closes':
        request.socket.end();
        break;
      case '/redirects':
        response.writeHead(302, { location: '/healthy' }).end();
        break;
      case '/endless': {
        response.writeHead(200);
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        };
        response.on('drain', more);
        more();
        break;
      }
      default:
        response.end();
    }
  });
  const names = ['fails', 'missing', 'hangs', 'resets', 'closes', 'redirects', 'endless', 'healthy'];
  writeFileSync(join(dir, 'audit.log'), '');
  const running = await daemon(t, dir, {
    sources: [fileSource],
    sinks: names.map((name) => ({
      name,
      url: `http://127.0.0.1:${target.port}/${name}`,
      timeout: '300ms',
      max_backoff_duration: '1s',
      retry: { initial_interval: '50ms' },
    })),
  });
  const lines = Array.from({ length: 50 }, (_, i) => fliptLine(`k${i}`));
  appendFileSync(join(dir, 'audit.log'), `${lines.join('\n')}\n`);
  await until(
    () =>
      names.every((name) => {
        const states = Object.values(statesOf(dir, name));
        return states.length === 50 && states.every((state) => /^(delivered|dead)/.test(state));
      }),
    'every delivery to be settled',
    60_000,
  );
  const outcome = (name: string): string[] => [
    ...new Set(Object.values(statesOf(dir, name)).map((state) => state.split(' ')[0] ?? '')),
  ];
  assert.deepEqual(
    names.map((name) => `${name}: ${outcome(name).join()}`),
    [
      'fails: dead',
      'missing: dead',
      'hangs: dead',
      'resets: dead',
      'closes: dead',
      'redirects: dead',
      'endless: delivered',
      'healthy: delivered',
    ],
  );
  assert.match(Object.values(statesOf(dir, 'missing'))[0] ?? '', /^dead 1 HTTP 404$/);
  assert.match(
    Object.values(statesOf(dir, 'hangs'))[0] ?? '',
    /timeout: no response within 300ms; max_backoff/,
  );
  assert.match(
    Object.values(statesOf(dir, 'redirects'))[0] ?? '',
    /^dead 1 HTTP 302: redirects are not followed$/,
  );
  const resident = await running.metric('process_resident_memory_bytes');
  assert.ok(resident !== undefined && resident < 250e6, `${resident} bytes resident`);
  assert.equal(target.received.filter(({ path }) => path === '/healthy').length, 50);
});

test('max_backoff_duration: growing waits, the last attempt at the bound, then dead with reason and count', async (t) => {
  const dir = tempDir(t);
  const target = await receiver(t, (response) => response.writeHead(503).end());
  writeFileSync(join(dir, 'audit.log'), `${fliptLine('a')}\n`);
  const running = await daemon(t, dir, {
    sources: [fileSource],
    sinks: [
      {
        name: 'hook',
        url: target.url,
        max_backoff_duration: '2s',
        retry: { initial_interval: '200ms', jitter: 'none' },
      },
    ],
  });
  await until(() => running.log.some(({ msg }) => msg === 'delivery dead'), 'the end');
  const start = target.received[0]?.at ?? 0;
  const times = target.received.map(({ at }) => at - start);
  assert.equal(times.length, 5, `attempts at ${times.map(Math.round).join()}`);
  const waits = times.slice(1).map((at, i) => at - (times[i] as number));
  assert.ok((waits[1] as number) > (waits[0] as number) && (waits[2] as number) > (waits[1] as number));
  assert.ok((times.at(-1) as number) >= 1990, 'the last attempt is at the bound');
  await until(() => statesOf(dir, 'hook')['1']?.startsWith('dead') === true, 'the record');
  assert.match(statesOf(dir, 'hook')['1'] ?? '', /^dead 5 HTTP 503; max_backoff_duration of 2s reached$/);
});

test('a stop by SIGTERM and a start: every event once', async (t) => {
  const dir = tempDir(t);
  const target = await receiver(t);
  const config = { sources: [fileSource], sinks: [{ name: 'hook', url: target.url }] };
  const append = (from: number, to: number): void => {
    const lines = Array.from({ length: to - from }, (_, i) => fliptLine(`k${from + i}`));
    appendFileSync(join(dir, 'audit.log'), `${lines.join('\n')}\n`);
  };
  append(0, 100);
  for (let round = 1; round <= 3; round += 1) {
    const running = await daemon(t, dir, config);
    append(round * 200 - 100, round * 200);
    if (round < 3) await until(() => target.received.length > round * 50, 'some deliveries');
    else await until(() => target.received.length >= 600, 'all deliveries');
    assert.equal(await running.stop(), 0);
    append(round * 200, round * 200 + 100);
  }
  const running = await daemon(t, dir, config);
  await until(() => target.received.length >= 700, 'the rest');
  await running.stop();
  assert.equal(target.received.length, 700);
  assert.equal(new Set(target.keys).size, 700);
});

test('stdin as a source: delivers everything, then ends by itself with 0', async (t) => {
  const dir = tempDir(t);
  const target = await receiver(t);
  const running = await daemon(t, dir, {
    sources: [{ name: 'pipe', type: 'stdin' }],
    sinks: [{ name: 'hook', url: target.url }],
  });
  for (let i = 0; i < 500; i += 1)
    running.stdin.write(`2026-01-15T09:30:02Z\tAUDIT\t${fliptLine(`k${i}`)}\n`);
  running.stdin.end();
  assert.equal(await running.exit(), 0);
  assert.equal(new Set(target.keys).size, 500);
  assert.equal(target.received.length, 500);
});

test('a changed config is taken up while it runs, a broken one is not', async (t) => {
  const dir = tempDir(t);
  const target = await receiver(t);
  const config = {
    admin: { listen: '127.0.0.1:0' },
    sources: [fileSource],
    sinks: [{ name: 'one', url: `${target.url}/one` }],
  };
  writeFileSync(join(dir, 'audit.log'), '');
  const running = await daemon(t, dir, config);
  const append = (key: string): void => appendFileSync(join(dir, 'audit.log'), `${fliptLine(key)}\n`);
  const seen = (path: string): string[] =>
    target.received.filter((one) => one.path.endsWith(path)).map(({ body }) => body);
  append('a');
  await until(() => seen('/one').length === 1, 'a');

  config.sinks.push({ name: 'two', url: `${target.url}/two` });
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  await until(() => running.log.some(({ msg }) => msg === 'config reloaded'), 'the reload');
  append('b');
  await until(() => seen('/one').length === 2 && seen('/two').length === 1, 'b at both');

  writeFileSync(join(dir, 'config.json'), JSON.stringify({ ...config, nonsense: true }));
  running.signal('SIGHUP');
  await until(() => running.output.includes('config reload failed'), 'the refusal');
  assert.equal(await running.metric('auditsink_config_reload_success'), 0);
  append('c');
  await until(() => seen('/one').length === 3 && seen('/two').length === 2, 'c at both');
  assert.equal(await running.stop(), 0);
  assert.equal(seen('/one').length, 3);
});
