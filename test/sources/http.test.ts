import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { sampleTexts } from '../../src/core/samples.ts';
import { signatureScheme } from '../../src/core/signature/schemes.ts';
import { eventually, post, startWorld, Wire } from './http-world.ts';

const sample = (name: string): string =>
  sampleTexts.find((candidate) => candidate.name === name)?.text ?? assert.fail(name);
const flag = sample('flipt.flag.created');

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
