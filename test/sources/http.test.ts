import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Webhook } from 'standardwebhooks';
import { AuditsinkError } from '../../src/core/errors.ts';
import type { FormatName } from '../../src/core/event.ts';
import { sampleTexts } from '../../src/core/samples.ts';
import { signatureScheme } from '../../src/core/signature/schemes.ts';
import type { VerifySetting } from '../../src/sources/http/authorise.ts';
import { eventually, post, startWorld, Wire } from './http-world.ts';

const sample = (name: string): string =>
  sampleTexts.find((candidate) => candidate.name === name)?.text ?? assert.fail(name);
const flag = sample('flipt.flag.created');
const whpk = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=';
const whsec = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

describe('accepting', () => {
  test('202 comes only when the event is on the disk', async (t) => {
    const { port, intake } = await startWorld(t);
    intake.hold();
    let answered = false;
    const answer = post(port, flag).finally(() => (answered = true));
    await eventually(() => intake.batches.length === 1, 'the batch is handed over');
    assert.equal(intake.batches[0]?.durable, true);
    // Another request is answered meanwhile, so an answer to the first would have come as well.
    assert.equal((await post(port, '', { path: '/other' })).status, 404);
    assert.equal(answered, false);
    intake.release();
    assert.deepEqual([(await answer).status, (await answer).body], [202, '']);
    assert.deepEqual(intake.texts, [flag]);
  });

  test('every sample of every system', async (t) => {
    const { port, intake } = await startWorld(t);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    t.after(() => agent.destroy());
    const answers = await Promise.all(sampleTexts.map(({ text }) => post(port, text, { agent })));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]));
    assert.deepEqual(intake.texts.sort(), sampleTexts.map(({ text }) => text).sort());
    assert.ok([...intake.events.values()].every(({ event }) => event.source === 'hooks' && event.id !== ''));
  });

  test('requests that come while one is written share the next transaction', async (t) => {
    const { port, intake, source } = await startWorld(t);
    intake.hold();
    const first = post(port, flag);
    await eventually(() => intake.batches.length === 1, 'the first batch');
    const more = Array.from({ length: 20 }, (_, at) =>
      post(port, flag.replace('new-checkout', `flag-${at}`)),
    );
    await eventually(() => source.health().lagBytes > 20 * flag.length, 'all are waiting');
    assert.equal(intake.batches.length, 1);
    intake.release();
    assert.deepEqual(
      new Set((await Promise.all([first, ...more])).map(({ status }) => status)),
      new Set([202]),
    );
    assert.equal(intake.events.size, 21);
    assert.ok(intake.batches.length <= 3, `${intake.batches.length} transactions`);
    await eventually(() => source.health().lagBytes === 0, 'nothing is held any more');
  });

  test('chunked, dripping and kept alive', async (t) => {
    const { port, intake } = await startWorld(t);
    const wire = new Wire(port);
    wire.send(
      'POST /hook?x=1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    for (const character of flag) wire.send(`1\r\n${character}\r\n`);
    wire.send('0\r\n\r\n');
    await wire.until(({ statuses }) => statuses.length === 1, 'the first answer');
    const second = sample('rollgate.flag.toggled');
    wire.send(`POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: ${second.length}\r\n\r\n${second}`);
    await wire.until(({ statuses }) => statuses.length === 2, 'the second answer');
    assert.deepEqual(wire.statuses, [202, 202]);
    assert.deepEqual(intake.texts, [flag, second]);
    wire.socket.destroy();
  });

  test('whoever asks first is told before sending the body', async (t) => {
    const { port } = await startWorld(t, { verify: { scheme: 'bearer', secrets: ['token'] } });
    const head = `POST /hook HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${flag.length}\r\n`;
    const stranger = new Wire(port);
    stranger.send(`${head}\r\n`);
    await stranger.until(({ closed }) => closed, 'the answer and the end');
    assert.deepEqual(stranger.statuses, [401]);
    const known = new Wire(port);
    known.send(`${head}Authorization: Bearer token\r\n\r\n`);
    await known.until(({ statuses }) => statuses.length === 1, 'leave to continue');
    known.send(flag);
    await known.until(({ statuses }) => statuses.length === 2, 'the answer');
    assert.deepEqual(known.statuses, [100, 202]);
    known.socket.destroy();
  });
});

describe('gzip', () => {
  test('is unpacked', async (t) => {
    const { port, intake } = await startWorld(t);
    const answer = await post(port, gzipSync(flag), { headers: { 'content-encoding': 'gzip' } });
    assert.equal(answer.status, 202);
    assert.deepEqual(intake.texts, [flag]);
  });

  test('a signature may be over the packed or the plain bytes', async (t) => {
    const verify = { scheme: 'flipt', secrets: ['s'] } as const;
    const { port } = await startWorld(t, { verify });
    const packed = gzipSync(flag);
    for (const [signed, status] of [
      [packed, 202],
      [flag, 202],
      ['other', 401],
    ] as const) {
      const signature = signatureScheme(verify)
        .prepare(['s'])
        .headers({ id: 'x', timestampS: 1, body: signed });
      const headers = { 'content-encoding': 'gzip', ...Object.fromEntries(signature) };
      assert.equal((await post(port, packed, { headers })).status, status);
    }
  });

  test('a bomb is 413, what is no gzip is 400', async (t) => {
    const { port, intake } = await startWorld(t);
    const headers = { 'content-encoding': 'gzip' };
    assert.equal((await post(port, gzipSync(Buffer.alloc(50_000_000)), { headers })).status, 413);
    assert.equal((await post(port, flag, { headers })).status, 400);
    assert.equal((await post(port, gzipSync(flag).subarray(0, 50), { headers })).status, 400);
    assert.equal(intake.events.size, 0);
  });
});

describe('refusing', () => {
  test('by path, method, type and encoding', async (t) => {
    const { port, intake } = await startWorld(t);
    const cases: ReadonlyArray<readonly [status: number, options: Parameters<typeof post>[2]]> = [
      [404, { path: '/' }],
      [404, { path: '/hook/' }],
      [404, { path: '/hook/../hook' }],
      [405, { method: 'GET' }],
      [405, { method: 'PUT' }],
      [415, { headers: { 'content-type': 'text/plain' } }],
      [415, { headers: { 'content-type': 'application/jsonp' } }],
      [415, { headers: { 'content-encoding': 'br' } }],
      [202, { headers: { 'content-type': 'application/json; charset=utf-8' } }],
      [202, { headers: { 'content-type': 'application/cloudevents+json' } }],
      [202, { headers: { 'content-encoding': 'identity' } }],
    ];
    for (const [status, options] of cases) {
      assert.equal((await post(port, flag, options)).status, status, JSON.stringify(options));
    }
    assert.equal((await post(port, flag, { method: 'GET' })).headers.allow, 'POST');
    assert.equal(intake.events.size, 1);
  });

  test('what is no event, with the reason, and kept among the rejects', async (t) => {
    const { port, intake } = await startWorld(t, { format: 'flipt' });
    const cases: ReadonlyArray<readonly [body: string | Buffer, reason: string]> = [
      ['{"a":', 'invalid_json'],
      [sample('rollgate.flag.toggled'), 'not_an_event'],
      ['hello', 'not_an_event'],
      ['', 'not_an_event'],
      ['{"L":"INFO","M":"started"}', 'not_an_event'],
      [Buffer.from([0x7b, 0xff, 0x7d]), 'invalid_utf8'],
    ];
    for (const [body] of cases) {
      const { status, body: answer } = await post(port, body);
      assert.equal(status, 400);
      assert.match(JSON.parse(answer).error, /the body is/);
    }
    assert.deepEqual(
      intake.rejects.map(({ reason }) => reason),
      cases.map(([, reason]) => reason),
    );
    assert.match(intake.rejects[0]?.position ?? '', /^POST \/hook from 127\.0\.0\.1$/);
    assert.deepEqual(Buffer.from(intake.rejects[0]?.head ?? []).toString(), '{"a":');
    assert.ok(
      intake.batches.every(({ durable }) => durable === false),
      'nobody was told it is accepted',
    );
  });

  test('a body that is too large, declared or not, without ever holding it', async (t) => {
    const { port, source, intake } = await startWorld(t, { maxBodyBytes: 1000 });
    assert.equal((await post(port, 'x'.repeat(1001))).status, 413);
    assert.equal((await post(port, `{"a":"${'x'.repeat(992)}"}`)).status, 400, 'of the very size');
    const chunked = new Wire(port);
    chunked.send('POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    chunked.send(chunk);
    const pump = setInterval(() => chunked.closed || chunked.send(chunk), 1);
    t.after(() => clearInterval(pump));
    await chunked.until(
      ({ statuses, closed }) => statuses[0] === 413 || closed,
      'refused while it still sends',
    );
    assert.ok(source.health().lagBytes <= 1000);
    const huge = new Wire(port);
    huge.send('POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n');
    huge.send('x'.repeat(2_000_000));
    await huge.until(({ statuses, closed }) => statuses[0] === 413 || closed, 'refused by its length');
    assert.equal(intake.events.size, 0);
  });

  test('a wrong sender, and nobody learns a secret', async (t) => {
    const verify = { scheme: 'bearer', secrets: ['new-token', 'old-token'] } as const;
    const { port, lines, intake } = await startWorld(t, { verify });
    for (const authorization of ['Bearer new-token', 'bearer  old-token', 'old-token']) {
      assert.equal((await post(port, flag, { headers: { authorization } })).status, 202, authorization);
    }
    for (const authorization of [
      'Bearer',
      'Bearer new-tokeN',
      'Basic new-token',
      'Bearer new-token,old-token',
    ]) {
      const answer = await post(port, flag, { headers: { authorization } });
      assert.equal(answer.status, 401, authorization);
      assert.equal(answer.headers['www-authenticate'], 'Bearer');
      assert.doesNotMatch(answer.body, /-token/);
    }
    assert.equal((await post(port, flag)).status, 401);
    assert.doesNotMatch(JSON.stringify(lines), /-token|new-checkout/);
    assert.equal(intake.rejects.length, 0, 'strangers do not fill the journal');
  });

  test('is logged once per status and minute', async (t) => {
    const { port, lines, clock } = await startWorld(t, { verify: { scheme: 'flipt', secrets: ['s'] } });
    for (let i = 0; i < 5; i += 1) assert.equal((await post(port, flag)).status, 401);
    clock.advance(60_000);
    assert.equal((await post(port, flag)).status, 401);
    const refused = lines.filter(({ msg }) => msg === 'refused a request');
    assert.deepEqual(
      refused.map(({ fields }) => [fields['status'], fields['refused']]),
      [
        [401, 1],
        [401, 5],
      ],
    );
  });
});

describe('signatures', () => {
  const senders: ReadonlyArray<
    readonly [
      scheme: Exclude<FormatName, 'unleash' | 'json'>,
      name: string,
      secret: string,
      headers: Record<string, string>,
    ]
  > = [
    ['flipper', 'flipper.sync', 'flipper-secret', {}],
    [
      'rollgate',
      'rollgate.flag.toggled',
      'rollgate-secret',
      { 'X-Rollgate-Signature': 'sha256=1a2c10c95aa03aeb0dfcb0c66fd1ee29528e5373e57b2379d7e2f4f1c3a6b343' },
    ],
    [
      'flagsmith',
      'flagsmith.flag_updated.test_button',
      'flagsmith-secret',
      { 'X-Flagsmith-Signature': '5dd903a4921ec698d2cf92fb9935e97a7d6cfc578d1c16361fee9b433c6cf54c' },
    ],
    [
      'flipt',
      'flipt.flag.created',
      's3crET',
      { 'X-Flipt-Webhook-Signature': '9212b68a2bdecab76ab5b8ea0815f21ce407b952b75320b24519a63412b88152' },
    ],
  ];

  for (const [scheme, name, secret, documented] of senders) {
    test(`${scheme}: its documented request is taken, a changed one is not`, async (t) => {
      const verify = { scheme, secrets: ['another', secret] } as const;
      const { port, intake, clock } = await startWorld(t, { format: scheme, verify });
      const body = sample(name);
      const signer = signatureScheme(verify).prepare([secret]);
      const fresh = Object.fromEntries(signer.headers({ id: 'x', timestampS: clock.now() / 1000, body }));
      const headers = { ...fresh, ...documented };
      assert.equal((await post(port, body, { headers })).status, 202);
      const changed = await post(port, `${body} `, { headers });
      assert.equal(changed.status, 401);
      assert.equal((await post(port, body)).status, 401);
      assert.deepEqual(intake.texts, [body]);
      assert.equal([...intake.events.values()][0]?.format, scheme);
    });
  }

  test("Standard Webhooks: what the npm package signs is taken, and its id is the event's", async (t) => {
    const verify = { scheme: 'standard-webhooks', secrets: [whsec] } as const;
    const { port, intake, clock } = await startWorld(t, { format: 'json', verify });
    const send = async (id: string, body: string): Promise<number> => {
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(clock.now() / 1000),
        'webhook-signature': new Webhook(whsec).sign(id, new Date(clock.now()), body),
      };
      return (await post(port, body, { headers })).status;
    };
    assert.equal(await send('msg_1', '{"type":"flag.updated"}'), 202);
    clock.advance(3_600_000);
    assert.equal(await send('msg_1', '{"type":"flag.updated"}'), 202, 'a retry, signed anew');
    assert.equal(await send('msg_2', '{"type":"flag.updated"}'), 202);
    assert.equal(intake.events.size, 2);
  });
});

describe('repeats', () => {
  const own = ['flipper.sync', 'unleash.feature-environment-enabled', 'rollgate.flag.toggled'];
  for (const name of own) {
    test(`${name} is known by what is in it, however late, and after a restart`, async (t) => {
      const world = await startWorld(t);
      assert.equal((await post(world.port, sample(name))).status, 202);
      world.clock.advance(10 * 3_600_000);
      assert.equal((await post(world.port, sample(name))).status, 202);
      await world.source.stop();
      const again = await startWorld(t, { from: world });
      assert.equal((await post(again.port, sample(name))).status, 202);
      assert.equal(world.intake.events.size, 1);
    });
  }

  test('the same bytes are known for a minute, and then are news', async (t) => {
    const { port, intake, clock } = await startWorld(t);
    const body = sample('flagsmith.flag_updated.test_button');
    for (const waitMs of [0, 20_000, 39_000]) {
      clock.advance(waitMs);
      assert.equal((await post(port, body)).status, 202);
    }
    assert.equal(intake.events.size, 1);
    clock.advance(1000);
    assert.equal((await post(port, body)).status, 202);
    assert.equal(intake.events.size, 2, 'a test button pressed again');
    assert.equal((await post(port, body.replace('user@', 'other@'))).status, 202);
    assert.equal(intake.events.size, 3);
  });

  test('the same bytes are known across a restart within the minute', async (t) => {
    const world = await startWorld(t);
    assert.equal((await post(world.port, flag)).status, 202);
    await world.source.stop();
    world.clock.advance(5000);
    const again = await startWorld(t, { from: world });
    assert.equal((await post(again.port, flag)).status, 202);
    assert.equal(world.intake.events.size, 1);
  });

  test("two sources do not take each other's events for repeats", async (t) => {
    const world = await startWorld(t, { name: 'a', path: '/a' });
    const other = await startWorld(t, { name: 'b', path: '/b', from: world });
    for (const name of [...own, 'flipt.flag.created']) {
      assert.equal((await post(world.port, sample(name), { path: '/a' })).status, 202);
      assert.equal((await post(other.port, sample(name), { path: '/b' })).status, 202);
    }
    assert.equal(world.intake.events.size, 2 * (own.length + 1));
  });

  test('ids can be sent as a webhook-id', async (t) => {
    const { port, intake } = await startWorld(t);
    for (const { text } of sampleTexts) await post(port, text);
    for (const id of intake.events.keys()) assert.match(id, /^[\da-f-]+$/);
  });
});

describe('back-pressure', () => {
  test('503 with Retry-After when the journal does not take it in time, and the retry is no second event', async (t) => {
    const { port, intake, clock, source } = await startWorld(t);
    intake.hold();
    const writing = post(port, flag);
    await eventually(() => intake.batches.length === 1, 'the first is being written');
    const waiting = post(port, flag.replace('new-checkout', 'second'));
    await eventually(() => source.health().lagBytes >= 2 * flag.length - 10, 'the second waits');
    clock.advance(5000);
    for (const answer of [await writing, await waiting]) {
      assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '5']);
    }
    assert.equal((await post(port, flag)).status, 503, 'at once, while it is known to be stuck');
    assert.equal(source.health().reading, false);
    intake.release();
    await eventually(() => intake.events.size === 1, 'what was being written is committed after all');
    await eventually(() => source.health().reading, 'it has noticed');
    assert.equal((await post(port, flag)).status, 202);
    assert.deepEqual(intake.texts, [flag]);
  });

  test('a sender that hangs up before its answer changes nothing', async (t) => {
    const { port, intake, source } = await startWorld(t);
    intake.hold();
    const wire = new Wire(port);
    wire.send(`POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: ${flag.length}\r\n\r\n${flag}`);
    await eventually(() => intake.batches.length === 1, 'it is being written');
    wire.socket.resetAndDestroy();
    await wire.until(({ closed }) => closed, 'it has gone');
    intake.release();
    await eventually(() => source.health().lagBytes === 0, 'nothing is held any more');
    assert.equal((await post(port, flag)).status, 202);
    assert.deepEqual(intake.texts, [flag]);
  });

  test('each sender waits its own time', async (t) => {
    const { port, intake, clock, source } = await startWorld(t);
    intake.hold();
    const first = post(port, flag);
    await eventually(() => intake.batches.length === 1, 'the first is being written');
    clock.advance(3000);
    let secondStatus = 0;
    const second = post(port, sample('flipper.sync')).then(({ status }) => (secondStatus = status));
    await eventually(() => source.health().lagBytes > flag.length, 'the second waits');
    clock.advance(2000);
    assert.equal((await first).status, 503);
    assert.equal(secondStatus, 0);
    intake.release();
    await second;
    assert.equal(secondStatus, 202);
  });

  test('bodies held at one time are bounded', async (t) => {
    const { port, intake, source } = await startWorld(t, { maxBodyBytes: 8_000_000, format: 'json' });
    intake.hold();
    const body = (at: number): string => JSON.stringify({ type: 'x', at, data: 'x'.repeat(7_900_000) });
    const agent = new Agent({ maxSockets: 6 });
    const answers = Array.from({ length: 6 }, async (_, at) => post(port, body(at), { agent }));
    const statuses: number[] = [];
    for (const answer of answers) void answer.then(({ status }) => statuses.push(status));
    await eventually(() => statuses.length === 4, 'four do not fit');
    assert.deepEqual(new Set(statuses), new Set([503]));
    assert.ok(source.health().lagBytes <= 16_777_216);
    intake.release();
    await Promise.all(answers);
    assert.deepEqual(
      statuses.sort((a, b) => a - b),
      [202, 202, 503, 503, 503, 503],
    );
    await eventually(() => source.health().lagBytes === 0, 'nothing is held any more');
  });

  test('503 when the journal refuses, and that is told', async (t) => {
    const { port, intake, lines } = await startWorld(t);
    intake.abort(new Error('broken'));
    const answer = await post(port, flag);
    assert.deepEqual(lines[0], {
      level: 'error',
      fields: { source: 'hooks', error: 'broken' },
      msg: 'the journal refused a batch',
    });
    assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '5']);
  });
});

describe('starting and stopping', () => {
  test('requests in flight are answered, and then nobody listens', async (t) => {
    const { port, intake, source } = await startWorld(t);
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    assert.equal((await post(port, sample('flipper.sync'), { agent })).status, 202);
    intake.hold();
    const inFlight = post(port, flag, { agent });
    await eventually(() => intake.batches.length === 2, 'it is being written');
    const stopped = source.stop();
    assert.equal(source.stop() instanceof Promise, true, 'stopping twice is fine');
    await assert.rejects(post(port, flag), 'a new connection is refused');
    intake.release();
    const answer = await inFlight;
    assert.deepEqual([answer.status, answer.headers.connection], [202, 'close']);
    await stopped;
    assert.equal(intake.events.size, 2);
    assert.deepEqual(source.health(), { reading: false, detail: 'not listening', lagBytes: 0 });
  });

  test('a sender that dawdles does not hold the stop', async (t) => {
    const { port, source, clock, intake } = await startWorld(t);
    const wire = new Wire(port);
    wire.send(`POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: ${flag.length}\r\n\r\n${flag.slice(0, 50)}`);
    await eventually(() => source.health().lagBytes === 50, 'half of it is there');
    const stopped = source.stop();
    await eventually(() => clock.timers === 1, 'the stop waits for it');
    clock.advance(7000);
    await stopped;
    await wire.until(({ closed }) => closed, 'it is cut off');
    assert.equal(intake.batches.length, 0);
  });

  test('starts again after a stop, and starting twice is fine', async (t) => {
    const { source, intake } = await startWorld(t);
    await source.start(intake);
    await source.stop();
    await source.start(intake);
    assert.equal((await post(source.port, flag)).status, 202);
  });

  test('sources share an address, and each has its path', async (t) => {
    const first = await startWorld(t, { name: 'one', path: '/one', port: await freePort() });
    const second = await startWorld(t, { name: 'two', path: '/two', port: first.port, from: first });
    assert.equal((await post(first.port, flag, { path: '/one' })).status, 202);
    assert.equal((await post(first.port, flag, { path: '/two' })).status, 202);
    await first.source.stop();
    assert.equal((await post(first.port, flag, { path: '/one' })).status, 404);
    assert.equal((await post(first.port, flag, { path: '/two' })).status, 202);
    await second.source.stop();
    await assert.rejects(post(first.port, flag, { path: '/two' }));
    assert.deepEqual(
      [...first.intake.events.values()].map(({ event }) => event.source),
      ['one', 'two'],
    );
  });

  test('a reload opens the new before it closes the old, and no sender notices', async (t) => {
    const old = await startWorld(t, { port: await freePort() });
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    assert.equal((await post(old.port, flag, { agent })).status, 202);
    const renewed = await startWorld(t, { port: old.port, format: 'flipper', from: old });
    await old.source.stop();
    assert.equal((await post(old.port, sample('flipper.sync'), { agent })).status, 202);
    assert.equal((await post(old.port, flag, { agent })).status, 400, 'by the new rules');
    await renewed.source.stop();
    await assert.rejects(post(old.port, flag));
  });

  test('a port in use is an error that names it', async (t) => {
    const { port } = await startWorld(t);
    const isListenError = (error: unknown): boolean =>
      error instanceof AuditsinkError &&
      error.code === 'listen' &&
      error.message.includes(`127.0.0.1:${port}`);
    await assert.rejects(startWorld(t, { port }), isListenError);
  });

  test('a secret that cannot be used is an error of the config', async (t) => {
    const isConfigError = (error: unknown): boolean =>
      error instanceof AuditsinkError && error.code === 'config';
    const wrong: VerifySetting[] = [
      { scheme: 'standard-webhooks', secrets: ['whsec_???'] },
      { scheme: 'flipt', secrets: [''] },
      { scheme: 'rollgate', secrets: [] },
      { scheme: 'template', header: 'X', value: 'no signature', secrets: ['s'] },
      { scheme: 'bearer', secrets: [''] },
      { scheme: 'bearer', secrets: [] },
    ];
    for (const verify of wrong) await assert.rejects(startWorld(t, { verify }), isConfigError);
    await startWorld(t, { verify: { scheme: 'standard-webhooks', secrets: [whpk] } });
  });
});

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<number>();
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
  return promise;
}
