import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { AttemptResult } from '../../src/core/attempt.ts';
import { systemClock } from '../../src/core/clock.ts';
import { HttpTransport } from '../../src/webhook/http-transport.ts';
import { cert, receive } from '../support/bare-receiver.ts';
import type { Seen } from '../support/bare-receiver.ts';
import { until } from '../support/until.ts';

const fine = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

function transportTo(
  t: TestContext,
  url: string,
  ca: string | null = null,
  proxy: string | null = null,
): HttpTransport {
  const transport = new HttpTransport({
    url,
    method: 'POST',
    timeoutMs: 30_000,
    tls: { ca, cert: null, key: null },
    proxy,
    env: {},
    clock: systemClock,
    secrets: [],
  });
  t.after(() => transport.close());
  return transport;
}

function send(
  transport: HttpTransport,
  body = '{}',
  headers: readonly string[] = [],
): Promise<AttemptResult> {
  return new Promise((resolve) => {
    transport.send({ headers: [...headers], body }, resolve);
  });
}

/** The status with the reply, or the class of the error. */
async function outcome(result: Promise<AttemptResult>): Promise<string> {
  const ended = await result;
  return ended.kind === 'error' ? ended.class : `${ended.status} ${ended.reply}`;
}

describe('a connection', () => {
  it('is not used again after an answer that came before all of the request was sent', async (t) => {
    const target = await receive(t, ({ socket }) => socket.write(fine), {
      onData: (socket, number) => {
        if (number > 1) return;
        socket.pause();
        socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno');
      },
    });
    const transport = transportTo(t, `http://127.0.0.1:${target.port}/`);
    assert.equal(await outcome(send(transport, 'x'.repeat(32 * 2 ** 20))), '413 no');
    assert.equal(await outcome(send(transport)), '200 ok');
    assert.equal(target.connections, 2);
  });

  it('that says something unasked, or is closed by the receiver, is replaced', async (t) => {
    const unasked = (socket: Socket): unknown => socket.write('HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n');
    const closing = (socket: Socket): unknown => socket.end();
    for (const meddle of [unasked, closing]) {
      const sockets: Socket[] = [];
      const target = await receive(t, ({ socket }) => {
        sockets.push(socket);
        socket.write(fine);
      });
      const transport = transportTo(t, `http://127.0.0.1:${target.port}/`);
      assert.equal(await outcome(send(transport)), '200 ok');
      assert.equal(await outcome(send(transport)), '200 ok');
      assert.equal(target.connections, 1);
      const closed = once(sockets[0] as Socket, 'close');
      meddle(sockets[0] as Socket);
      await closed;
      assert.equal(await outcome(send(transport)), '200 ok');
      assert.equal(target.connections, 2);
    }
  });

  it('is not used again where the receiver keeps it for a second or less', async (t) => {
    for (const [timeoutS, connections] of [
      ['0', 3],
      ['1', 3],
      ['60', 1],
    ] as const) {
      const head = `HTTP/1.1 200 OK\r\nkeep-alive: timeout=${timeoutS}\r\ncontent-length: 2\r\n\r\n`;
      const target = await receive(t, ({ socket }) => socket.write(`${head}ok`));
      const transport = transportTo(t, `http://127.0.0.1:${target.port}/`);
      for (let i = 0; i < 3; i += 1) assert.equal(await outcome(send(transport)), '200 ok');
      assert.equal(target.connections, connections, `timeout=${timeoutS}`);
    }
  });

  it('is made again after it was refused', async (t) => {
    const first = createServer().listen(0, '127.0.0.1');
    await once(first, 'listening');
    const { port } = first.address() as AddressInfo;
    first.close();
    await once(first, 'close');
    const transport = transportTo(t, `http://127.0.0.1:${port}/`);
    assert.equal(await outcome(send(transport)), 'network');
    await receive(t, ({ socket }) => socket.write(fine), { port });
    assert.equal(await outcome(send(transport)), '200 ok');
  });

  it('goes to an IPv6 address', async (t) => {
    const heads: string[] = [];
    const answer = ({ socket, head }: Seen): void => {
      heads.push(head);
      socket.write(fine);
    };
    for (const isTls of [false, true]) {
      const target = await receive(t, answer, { host: '::1', isTls }).catch(() => null);
      if (target === null) return t.skip('no IPv6 here');
      const url = `${isTls ? 'https' : 'http'}://[::1]:${target.port}/`;
      assert.equal(await outcome(send(transportTo(t, url, cert))), '200 ok');
      assert.match(heads.pop() ?? '', new RegExp(`^host: \\[::1\\]:${target.port}$`, 'm'));
    }
  });

  it('carries headers in Latin-1 and bodies in UTF-8, byte for byte', async (t) => {
    const seen: Seen[] = [];
    const target = await receive(t, (request) => {
      seen.push(request);
      request.socket.write(fine);
    });
    const transport = transportTo(t, `http://127.0.0.1:${target.port}/`);
    const long = `{"é":"\u{1F600}€"}`.repeat(300_000);
    const bodies = ['', '{}', '{"é":"ÿ"}', '\u{1F600}', 'half \uD83D of one', 'x'.repeat(5 * 2 ** 20), long];
    for (const body of bodies) {
      assert.equal(await outcome(send(transport, body, ['x-name', 'caf\xe9\t\xff'])), '200 ok');
      const { head, body: arrived } = seen.pop() as Seen;
      assert.match(head, /\r\nx-name: caf\xe9\t\xff\r\n/);
      assert.ok(arrived.equals(Buffer.from(body)), `${arrived.length} bytes arrived`);
    }
    assert.equal(target.connections, 1);
    assert.equal(await outcome(send(transport, '{}', ['x-name', 'beyond Latin-1: €'])), 'network');
  });

  it('passes over a 100 Continue that nobody asked for', async (t) => {
    const target = await receive(t, ({ socket }) => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      setImmediate(() => socket.write(`HTTP/1.1 100 Continue\r\n\r\n${fine}`));
    });
    const transport = transportTo(t, `http://127.0.0.1:${target.port}/`);
    for (let i = 0; i < 3; i += 1) assert.equal(await outcome(send(transport)), '200 ok');
    assert.equal(target.connections, 1);
  });

  it('that breaks off has given its answer once there is a status', async (t) => {
    const cases = [
      ['HTTP/1.1 503 No\r\ncontent-length: 9\r\n\r\nhalf', '503 half'],
      ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n', '200 half'],
      ['HTTP/1.1 200 OK\r\n\r\nwhole', '200 whole'],
      ['HTTP/1.1 200 OK\r\ncontent-length: 9\r\n', 'network'],
      ['HTTP/1.1 100 Continue\r\n\r\n', 'network'],
      ['', 'network'],
    ];
    for (const [text = '', expected] of cases) {
      const target = await receive(t, ({ socket, number }) => socket.end(number === 1 ? text : fine));
      const transport = transportTo(t, `http://127.0.0.1:${target.port}/`);
      assert.equal(await outcome(send(transport)), expected);
      assert.equal(await outcome(send(transport)), '200 ok');
    }
  });

  it('by TLS trusts the given authority only, and is used again', async (t) => {
    const target = await receive(t, ({ socket, body }) => socket.write(answerInChunks(body)), {
      isTls: true,
    });
    for (const host of ['127.0.0.1', 'localhost']) {
      const before = target.connections;
      const transport = transportTo(t, `https://${host}:${target.port}/`, cert);
      for (const body of ['{}', '{"é":1}', 'x'.repeat(3 * 2 ** 20)])
        assert.equal(await outcome(send(transport, body)), `200 ${body.slice(0, 2048)}`);
      assert.equal(target.connections, before + 1);
    }
    assert.equal(await outcome(send(transportTo(t, `https://127.0.0.1:${target.port}/`))), 'tls');
  });

  it('by TLS takes up the session of the one before it', async (t) => {
    const resumed: boolean[] = [];
    const target = await receive(
      t,
      ({ socket }) => {
        resumed.push((socket as TLSSocket).isSessionReused());
        socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok');
      },
      { isTls: true },
    );
    const transport = transportTo(t, `https://localhost:${target.port}/`, cert);
    for (let i = 0; i < 3; i += 1) assert.equal(await outcome(send(transport)), '200 ok');
    assert.deepEqual(resumed, [false, true, true]);
  });

  it('by TLS is not used again where the receiver closes it right behind its answer, without saying so', async (t) => {
    const target = await receive(t, ({ socket }) => socket.end(fine), { isTls: true });
    const transport = transportTo(t, `https://127.0.0.1:${target.port}/`, cert);
    for (let i = 0; i < 20; i += 1) assert.equal(await outcome(send(transport)), '200 ok', `request ${i}`);
    assert.equal(target.connections, 20);
  });

  it('by TLS with an authority that is no certificate is a failure of each request, and no exception', async (t) => {
    const target = await receive(t, ({ socket }) => socket.write(fine), { isTls: true });
    const transport = transportTo(t, `https://127.0.0.1:${target.port}/`, 'no certificate');
    for (let i = 0; i < 2; i += 1) assert.equal(await outcome(send(transport)), 'tls');
  });

  it('by TLS goes through a proxy that makes a tunnel, and trusts as it does without', async (t) => {
    const target = await receive(t, ({ socket }) => socket.write(fine), { isTls: true });
    const asked: string[] = [];
    const proxy = createHttpServer();
    proxy.on('connect', (request: IncomingMessage, client: Socket) => {
      asked.push(request.url ?? '');
      const onward = connect(target.port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        onward.pipe(client).pipe(onward);
      });
      for (const socket of [client, onward]) socket.on('error', () => {});
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    t.after(() => proxy.close());
    const by = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const url = `https://localhost:${target.port}/`;
    assert.equal(await outcome(send(transportTo(t, url, cert, by))), '200 ok');
    assert.equal(await outcome(send(transportTo(t, url, null, by))), 'tls');
    assert.deepEqual(asked, Array(2).fill(`localhost:${target.port}`));
  });

  for (const isTls of [false, true]) {
    it(`brings each of many requests its own answer, in odd pieces${isTls ? ', by TLS' : ''}`, async (t) => {
      const target = await receive(t, answerInPieces, { isTls });
      const transport = transportTo(t, `${isTls ? 'https' : 'http'}://127.0.0.1:${target.port}/`, cert);
      const lane = async (name: number): Promise<void> => {
        for (let i = 0; i < 12; i += 1) {
          const body = `${name}.${i} `.repeat(1 + ((name * 7 + i * 13) % 90));
          assert.equal(await outcome(send(transport, body)), `200 ${body}`);
        }
      };
      await Promise.all(Array.from({ length: 64 }, (_, name) => lane(name)));
      assert.ok(target.connections >= 64);
    });
  }

  it('leaves an error of the one who is told of the answer to him, and does not take it for its own', async (t) => {
    const held: Socket[] = [];
    const target = await receive(t, ({ socket, body }) => {
      if (String(body) === 'second') held.push(socket);
      else socket.write(fine);
    });
    const transport = transportTo(t, `http://127.0.0.1:${target.port}/`);
    const thrown: unknown[] = [];
    process.setUncaughtExceptionCaptureCallback((error) => thrown.push(error));
    t.after(() => process.setUncaughtExceptionCaptureCallback(null));
    const second = new Promise<string>((resolve) => {
      transport.send({ headers: [], body: 'first' }, () => {
        outcome(send(transport, 'second')).then(resolve, assert.ifError);
        throw new Error('of the caller');
      });
    });
    await until(() => held.length === 1, 'the second request');
    held[0]?.write(fine);
    assert.equal(await second, '200 ok');
    assert.deepEqual(thrown.map(String), ['Error: of the caller']);
    assert.equal(target.connections, 1);
  });
});

function answerInChunks(body: Buffer): Buffer {
  const size = Math.min(body.length, 2048);
  const head = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${size.toString(16)}\r\n`;
  return Buffer.concat([Buffer.from(head), body.subarray(0, size), Buffer.from('\r\n0\r\n\r\n')]);
}

let written = 0;

/** By turns in chunks, with a length, and up to the close; in pieces of different lengths, one per turn of the loop. */
function answerInPieces({ socket, body }: Seen): void {
  written += 1;
  const isChunked = written % 2 === 0;
  const isOpen = !isChunked && written % 11 === 0;
  const length = isOpen ? '' : `content-length: ${body.length}\r\n`;
  const head = Buffer.from(`HTTP/1.1 200 OK\r\nx: ${written}\r\n${length}\r\n`);
  const bytes = isChunked ? answerInChunks(body) : Buffer.concat([head, body]);
  const step = 1 + ((written * 31) % 200);
  const next = (at: number): void => {
    if (at < bytes.length) {
      socket.write(bytes.subarray(at, at + step));
      setImmediate(() => next(at + step));
    } else if (isOpen) socket.end();
  };
  next(0);
}
