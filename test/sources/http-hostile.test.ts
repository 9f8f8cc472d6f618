import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { signatureNames } from '../../src/core/policy.ts';
import { sampleTexts } from '../../src/core/samples.ts';
import { eventually, post, startWorld, Wire } from './http-world.ts';

const flag = sampleTexts[0]?.text ?? assert.fail();

/** Sends bytes and hangs up once the server has had its say, or the bytes are plainly not a whole request. */
async function throwAt(port: number, bytes: string | Uint8Array): Promise<number[]> {
  const wire = new Wire(port);
  wire.send(bytes);
  wire.socket.end();
  await wire.until(({ closed }) => closed, 'the server lets go');
  return wire.statuses;
}

const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array));
const token = fc.stringMatching(/^[\w-]{1,20}$/);
const headerValue = fc.string({ maxLength: 200 }).map((text) => text.replaceAll(/[\r\n\0]/g, ' '));

test('any bytes on the connection are answered or cut off, and the next sender is served', async (t) => {
  const { port, source, intake } = await startWorld(t);
  const anything = fc.oneof(
    bytes,
    bytes.map((rest) =>
      Buffer.concat([Buffer.from('POST /hook HTTP/1.1\r\nHost: x\r\n'), rest, Buffer.from('\r\n\r\n')]),
    ),
    fc
      .tuple(fc.nat(500), bytes)
      .map(([length, body]) =>
        Buffer.concat([
          Buffer.from(`POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`),
          body,
        ]),
      ),
    bytes.map((body) =>
      Buffer.concat([
        Buffer.from('POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'),
        body,
      ]),
    ),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (sent) => {
      for (const status of await throwAt(port, sent))
        assert.ok(status >= 400 && status < 500, `answered ${status}`);
    }),
    { numRuns: 150 },
  );
  assert.equal((await post(port, flag)).status, 202);
  assert.equal(intake.events.size, 1);
  await eventually(() => source.health().lagBytes === 0, 'nothing is held any more');
});

test('any headers and any body: a 4xx or a 202, whatever is verified', async (t) => {
  for (const scheme of [...signatureNames, 'bearer', 'none'] as const) {
    const secrets = [scheme === 'standard-webhooks' ? 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' : 'secret'];
    const { port } = await startWorld(t, { verify: scheme === 'none' ? null : { scheme, secrets } });
    const known = fc.constantFrom(
      'X-Flipt-Webhook-Signature',
      'X-Flagsmith-Signature',
      'X-Rollgate-Signature',
      'Flipper-Cloud-Signature',
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
      'Authorization',
      'Content-Type',
      'Content-Encoding',
    );
    const value = fc.oneof(
      headerValue,
      fc.constantFrom(
        't=1767225600,v1=00',
        't=,v1=',
        'v1,',
        'v1a,AA==',
        '1767225600',
        'sha256=',
        'gzip',
        'application/json',
      ),
    );
    const lines = fc.array(fc.tuple(fc.oneof(known, token), value), { maxLength: 12 });
    const body = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(flag, '{', '[', '', '{"type":"x"}'),
    );
    await fc.assert(
      fc.asyncProperty(lines, body, async (headers, text) => {
        const content = Buffer.from(text);
        const head = headers.map(([name, held]) => `${name}: ${held}\r\n`).join('');
        const start = `POST /hook HTTP/1.1\r\nHost: x\r\n${head}Connection: close\r\nContent-Length: ${content.length}\r\n\r\n`;
        const [status] = await throwAt(port, Buffer.concat([Buffer.from(start, 'latin1'), content]));
        assert.ok(
          status === 202 ? scheme === 'none' : status !== undefined && status >= 400 && status < 500,
          `${status}`,
        );
      }),
      { numRuns: 40 },
    );
  }
});

test('bodies of every kind of JSON nonsense are 202 or 400', async (t) => {
  const { port, intake } = await startWorld(t);
  const nonsense = [
    '['.repeat(40_000),
    '{"a":'.repeat(15_000),
    `{"type":"x","data":${'['.repeat(40_000)}${']'.repeat(40_000)}}`,
    '{"__proto__":{"type":"x"},"type":"flag","constructor":1,"version":"0.2","action":"created","metadata":{}}',
    `{"type":"${'x'.repeat(90_000)}","action":"y"}`,
    '{"event_type":"FLAG_UPDATED","data":{"new_state":[],"previous_state":1,"changed_by":{}}}',
    '{"event":"flag.created","flag":{"key":{},"__proto__":null},"environment":[[]]}',
    '{"type":"feature-","id":1e999,"createdAt":"","createdBy":null}',
    '{"version":"0.2","type":"flag","action":"created","metadata":{"actor":"x"},"payload":[1]}',
    '\uFEFF{"type":"a","action":"b"}',
    '"\\ud800"',
  ];
  for (const body of nonsense) {
    const { status } = await post(port, body);
    assert.ok(status === 202 || status === 400, `${body.slice(0, 40)}: ${status}`);
  }
  assert.equal((await post(port, flag)).status, 202);
  assert.ok(intake.texts.includes(flag));
});

test('headers of any size are cut at a bound', async (t) => {
  const { port } = await startWorld(t);
  const wire = new Wire(port);
  wire.send(`POST /hook HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(100_000)}`);
  await wire.until(({ closed }) => closed, 'it is cut off');
  assert.ok(wire.statuses.every((status) => status === 431));
  assert.equal((await post(port, flag)).status, 202);
});

test('slow senders are cut off, and hold nobody up', async (t) => {
  const { port, source, intake } = await startWorld(t, { limits: { headersMs: 300, requestMs: 500 } });
  const slowHead = new Wire(port);
  slowHead.send('POST /hook HTTP/1.1\r\nHost: x\r\nX-');
  const slowBody = new Wire(port);
  slowBody.send(
    `POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: ${flag.length}\r\n\r\n${flag.slice(0, 40)}`,
  );
  const dripping = new Wire(port);
  dripping.send(`POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n`);
  const drip = setInterval(() => dripping.closed || dripping.send(' '), 10);
  t.after(() => clearInterval(drip));
  await eventually(() => source.health().lagBytes > 40, 'they have begun');
  assert.equal((await post(port, flag)).status, 202);
  for (const wire of [slowHead, slowBody, dripping])
    await wire.until(({ closed }) => closed, 'it is cut off');
  await eventually(() => source.health().lagBytes === 0, 'what they sent is let go');
  assert.deepEqual(intake.texts, [flag]);
});

test('a sender that breaks off leaves nothing behind', async (t) => {
  const { port, source, intake } = await startWorld(t);
  for (let length = 1; length < flag.length; length += 20) {
    const wire = new Wire(port);
    wire.send(
      `POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: ${flag.length}\r\n\r\n${flag.slice(0, length)}`,
    );
    await eventually(() => source.health().lagBytes === length, 'its bytes are there');
    if (length % 40 === 1) wire.socket.resetAndDestroy();
    else wire.socket.destroy();
    await eventually(() => source.health().lagBytes === 0, 'and gone');
  }
  assert.equal(intake.batches.length, 0);
});

test('connections are bounded, and one that ends makes room', async (t) => {
  const { port } = await startWorld(t, { limits: { connections: 10 } });
  const wires = Array.from({ length: 10 }, () => new Wire(port));
  t.after(() => wires.forEach(({ socket }) => socket.destroy()));
  for (const wire of wires) {
    wire.send('GET /nowhere HTTP/1.1\r\nHost: x\r\nX-');
    await eventually(() => !wire.socket.connecting, 'it is connected');
  }
  const one = new Wire(port);
  await one.until(({ closed }) => closed, 'one too many');
  wires[0]?.socket.destroy();
  let status = 0;
  const attempt = (): void => void post(port, flag).then((answer) => (status = answer.status), attempt);
  attempt();
  await eventually(() => status === 202, 'there is room again');
});

test('two requests in one packet are both answered, in order', async (t) => {
  const { port, intake } = await startWorld(t);
  const texts = [flag, flag.replace('new-checkout', 'second'), 'nonsense'];
  const wire = new Wire(port);
  wire.send(
    texts
      .map((text) => `POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
      .join(''),
  );
  await wire.until(({ statuses }) => statuses.length === 3, 'three answers');
  assert.deepEqual(wire.statuses, [202, 202, 400]);
  assert.deepEqual(intake.texts, texts.slice(0, 2));
  wire.socket.destroy();
});
