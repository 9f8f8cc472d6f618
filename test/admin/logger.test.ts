import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createLogger } from '../../src/admin/logger.ts';
import { prettyLine } from '../../src/admin/pretty.ts';
import { systemClock } from '../../src/core/clock.ts';
import { AuditsinkError } from '../../src/core/errors.ts';
import { logLevels } from '../../src/core/logger.ts';

/** A stream that keeps what is written to it. */
function sink(over: object = {}) {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (chunk.length > 0) written.push(chunk.toString());
      done();
    },
  });
  return { stream: Object.assign(stream, over), written };
}

/** What a line with these fields comes to, without its time. */
function logged(fields: Record<string, unknown>): Record<string, unknown> {
  const { stream, written } = sink();
  createLogger({ level: 'debug', format: 'json', stream }).info(fields, 'said');
  assert.equal(written.length, 1);
  const { time, level, msg, ...rest } = JSON.parse(written[0] ?? '') as Record<string, unknown>;
  assert.deepEqual([level, msg], ['info', 'said']);
  assert.equal(typeof time, 'string');
  return rest;
}

test('one JSON line with level, time and msg, and the fields beside them', () => {
  const { stream, written } = sink();
  createLogger({ level: 'info', format: 'json', stream }).warn(
    { sink: 'slack', failures: 2 },
    'sink failing',
  );
  const [line = ''] = written;
  assert.ok(line.endsWith('}\n') && line.indexOf('\n') === line.length - 1);
  const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
  assert.deepEqual(rest, { level: 'warn', sink: 'slack', failures: 2, msg: 'sink failing' });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('writes what is at its level or above, and changes its level while running', () => {
  for (const [i, level] of logLevels.entries()) {
    const { stream, written } = sink();
    const logger = createLogger({ level, format: 'json', stream });
    for (const each of logLevels) logger[each]({}, each);
    const levels = (): unknown[] => written.map((line) => (JSON.parse(line) as { level: unknown }).level);
    assert.deepEqual(levels(), logLevels.slice(i));
    written.length = 0;
    logger.setLevel('debug');
    for (const each of logLevels) logger[each]({}, each);
    assert.deepEqual(levels(), logLevels);
  }
});

test('a level that is off does not look at its fields', () => {
  const { stream, written } = sink();
  const logger = createLogger({ level: 'info', format: 'json', stream });
  let looked = 0;
  const fields = {
    get costly() {
      looked += 1;
      return 'x';
    },
  };
  logger.debug(fields, 'no');
  assert.deepEqual([looked, written.length], [0, 0]);
  logger.info(fields, 'yes');
  assert.deepEqual([looked, written.length], [1, 1]);
});

test('values under a secret name never pass, however it is written or nested', () => {
  const names = [
    'token',
    'signing_secret',
    'signingSecret',
    'Authorization',
    'API-Key',
    'password',
    'headers',
    'body',
    'payload',
    'set-cookie',
  ];
  for (const name of names) {
    assert.deepEqual(logged({ [name]: 'hunter2', sink: 'slack' }), { [name]: '[redacted]', sink: 'slack' });
    assert.deepEqual(logged({ at: [{ [name]: { deep: 'hunter2' } }] }), { at: [{ [name]: '[redacted]' }] });
  }
});

test('of a URL only scheme and host pass, wherever it stands', () => {
  const cases: Array<[written: string, shown: string]> = [
    ['https://hooks.slack.com/services/T0/B0/xyz', 'https://hooks.slack.com/…'],
    ['POST https://user:hunter2@example.com:8443/a?b=c#d failed', 'POST https://example.com:8443/… failed'],
    ['https://example.com?token=hunter2', 'https://example.com/…'],
    ['"http://a.example/x", then HTTP://B.example/y', '"http://a.example/…", then HTTP://B.example/…'],
    ['http://127.0.0.1:9470', 'http://127.0.0.1:9470'],
    ['http://127.0.0.1:9470/', 'http://127.0.0.1:9470'],
    ['https://tok%40en:x@h/', 'https://h'],
    ['file at /var/log/flipt/audit.log', 'file at /var/log/flipt/audit.log'],
  ];
  for (const [written, shown] of cases) {
    assert.deepEqual(logged({ reason: written }), { reason: shown });
    assert.deepEqual(logged({ reasons: [written] }), { reasons: [shown] });
  }
});

test('an error shows its stack where it is a bug and its message where an operator can act', () => {
  const bug = logged({ err: new TypeError('https://h.example/secret is odd') });
  assert.match(String(bug['err']), /^TypeError: https:\/\/h\.example\/… is odd\n +at /);
  const known = logged({ err: new AuditsinkError('listen', 'cannot listen') });
  assert.deepEqual(known, { err: 'cannot listen' });
});

test('logs whatever it is given without throwing', () => {
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  assert.equal(typeof logged({ circle })['circle'], 'object');
  assert.deepEqual(logged({ big: 10n, none: null, when: new Date(0), f: 1.5, missing: undefined }), {
    big: '10',
    none: null,
    when: '1970-01-01T00:00:00.000Z',
    f: 1.5,
  });
});

test('pretty: a line for people, with colour on a terminal only', () => {
  const plain = sink();
  createLogger({ level: 'info', format: 'pretty', stream: plain.stream }).warn(
    { sink: 'slack', reason: 'answered 500', failures: 2, holds: ['manual'] },
    'sink failing',
  );
  assert.match(
    plain.written[0] ?? '',
    /^\d\d:\d\d:\d\d\.\d{3} WARN {2}sink failing {2}sink=slack reason="answered 500" failures=2 holds=\["manual"\]\n$/,
  );
  const terminal = sink({ isTTY: true });
  createLogger({ level: 'info', format: 'pretty', stream: terminal.stream }).error({ sink: 'x' }, 'bad');
  assert.ok(terminal.written[0]?.includes('\u001b[31mERROR\u001b[0m \u001b[1mbad\u001b[0m'));
  const noColour = sink({ isTTY: true, hasColors: () => false });
  createLogger({ level: 'info', format: 'pretty', stream: noColour.stream }).error({ sink: 'x' }, 'bad');
  assert.ok(noColour.written[0]?.includes('ERROR bad  sink=x'));
});

test('pretty: no control character of a value reaches the terminal', () => {
  const json = JSON.stringify({
    time: '2026-01-25T12:00:00.000Z',
    level: 'info',
    msg: 'm',
    reply: '\u001b[2J\u009b2J\r\n\u202e',
  });
  const line = prettyLine(`${json}\n`, false);
  assert.equal(line, '12:00:00.000 INFO  m  reply="\\u001b[2J\\u009b2J\\r\\n\\u202e"\n');
  assert.equal(prettyLine('not ours\n', false), 'not ours\n');
});

/** A stream whose reader takes nothing until it is released. */
function standingStill() {
  const written: string[] = [];
  let held: (() => void) | undefined;
  let isReleased = false;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (chunk.length > 0) written.push(chunk.toString());
      if (isReleased) done();
      else held = done;
    },
  });
  const release = (): void => {
    isReleased = true;
    held?.();
  };
  return { stream, written, release };
}

test('flush waits for what was written', async () => {
  const { stream, written, release } = standingStill();
  const logger = createLogger({ level: 'info', format: 'json', stream });
  for (let n = 0; n < 100; n += 1) logger.info({ n }, 'line');
  assert.equal(written.length, 1);
  const flushed = logger.flush();
  release();
  await flushed;
  assert.equal(written.length, 100);
});

test('flush does not wait for a reader that stands still for ever', async () => {
  const { stream } = standingStill();
  const timers: Array<() => void> = [];
  const clock = {
    ...systemClock,
    after: (_: number, fire: () => void) => {
      timers.push(fire);
      return { clear: () => {} };
    },
  };
  const logger = createLogger({ level: 'info', format: 'json', stream, clock });
  logger.info({}, 'line');
  const flushed = logger.flush();
  assert.equal(timers.length, 1);
  timers[0]?.();
  await flushed;
});

test('lines for a reader that stands still are bounded, and those dropped are counted', async () => {
  const { stream, written, release } = standingStill();
  const logger = createLogger({ level: 'info', format: 'json', stream });
  const filler = 'x'.repeat(10_000);
  for (let n = 0; n < 1000; n += 1) logger.info({ n, filler }, 'line');
  assert.ok(stream.writableLength < 5 * 1024 * 1024);
  release();
  await logger.flush();
  logger.info({}, 'goes on');
  await logger.flush();
  const lines = written.map((line) => JSON.parse(line) as { msg: string; lines?: number });
  const [dropped, last] = lines.slice(-2);
  assert.equal(dropped?.msg, 'log lines dropped');
  assert.equal(last?.msg, 'goes on');
  assert.equal(lines.length - 2 + (dropped?.lines ?? 0), 1000);
});

test('a stream that fails costs the lines and nothing else', async () => {
  const stream = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    },
  });
  const logger = createLogger({ level: 'info', format: 'json', stream });
  logger.info({}, 'one');
  await logger.flush();
  logger.info({}, 'two');
  await logger.flush();
});

const inChild = (script: string) => {
  const logger = new URL('../../src/admin/logger.ts', import.meta.url).href;
  const setUp = `const { createLogger } = await import(${JSON.stringify(logger)});
    const logger = createLogger({ level: 'info', format: 'json', stream: process.stdout });`;
  return spawn(process.execPath, ['--input-type=module', '-e', `${setUp}${script}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
};

test('no line is lost by leaving right after a flush, more of them than a pipe holds', async () => {
  const child = inChild(`
    for (let n = 0; n < 5000; n += 1) logger.info({ n, filler: 'x'.repeat(100) }, 'line');
    await logger.flush();
    process.exit(3);`);
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  assert.equal(code, 3);
  const lines = out.trimEnd().split('\n');
  assert.equal(lines.length, 5000);
  assert.equal((JSON.parse(lines[4999] ?? '') as { n: number }).n, 4999);
});

test('a process goes on when the reader of its log goes away', async () => {
  const child = inChild(`
    logger.info({}, 'first');
    let n = 0;
    const timer = setInterval(() => {
      logger.info({ filler: 'x'.repeat(10_000) }, 'line');
      if (++n === 50) { clearInterval(timer); process.stderr.write('alive'); }
    }, 1);`);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [err, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  assert.deepEqual([err, code, signal], ['alive', 0, null]);
});
