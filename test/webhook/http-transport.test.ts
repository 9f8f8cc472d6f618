import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { AttemptResult } from '../../src/core/attempt.ts';
import { systemClock } from '../../src/core/clock.ts';
import { AuditsinkError } from '../../src/core/errors.ts';
import { errorResult } from '../../src/webhook/error-result.ts';
import { HttpTransport } from '../../src/webhook/http-transport.ts';
import { HttpReceiver } from '../support/http-receiver.ts';
import { until } from '../support/until.ts';

function transportTo(
  t: TestContext,
  url: string,
  more: { timeoutMs?: number; env?: NodeJS.ProcessEnv; proxy?: string } = {},
): HttpTransport {
  const transport = new HttpTransport({
    url,
    method: 'POST',
    timeoutMs: more.timeoutMs ?? 10_000,
    tls: { ca: null, cert: null, key: null },
    proxy: more.proxy ?? null,
    env: more.env ?? {},
    clock: systemClock,
    secrets: [],
  });
  t.after(() => transport.close());
  return transport;
}

function send(transport: HttpTransport, body = '{}'): Promise<AttemptResult> {
  return new Promise((resolve) => {
    transport.send({ headers: ['content-type', 'application/json'], body }, resolve);
  });
}

async function receiver(t: TestContext, answer?: HttpReceiver['answer']): Promise<HttpReceiver> {
  const started = await HttpReceiver.start(answer);
  t.after(() => started.stop());
  return started;
}

/** A receiver that does with the bare socket what no HTTP server would. */
async function socketReceiver(t: TestContext, onData: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', () => onData(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

function errorClass(result: AttemptResult): string {
  return result.kind === 'error' ? result.class : `status ${result.status}`;
}

test('sends exactly the body, with method, path and query as written', async (t) => {
  const target = await receiver(t);
  const transport = transportTo(t, `http://127.0.0.1:${target.port}/a/b/?q=%20x`);
  const result = await send(transport, '{"ä":"\u{1F600}"}');
  assert.equal(errorClass(result), 'status 200');
  const [seen] = target.received;
  assert.equal(seen?.method, 'POST');
  assert.equal(seen?.path, '/a/b/?q=%20x');
  assert.equal(seen?.body, '{"ä":"\u{1F600}"}');
  assert.equal(seen?.headers['content-length'], String(Buffer.byteLength('{"ä":"\u{1F600}"}')));
});

test('credentials in the URL become Basic Authorization', async (t) => {
  const target = await receiver(t);
  await send(transportTo(t, `http://user:p%40ss@127.0.0.1:${target.port}/`));
  assert.equal(
    target.received[0]?.headers.authorization,
    `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
  );
});

test('keeps the reply up to 2 KiB, and the Retry-After header', async (t) => {
  const target = await receiver(t, (response) => {
    response.writeHead(429, { 'retry-after': '7' });
    response.end('x'.repeat(10_000));
  });
  const result = await send(transportTo(t, target.url));
  assert.ok(result.kind === 'response');
  assert.equal(result.status, 429);
  assert.equal(result.retryAfter, '7');
  assert.equal(result.reply.length, 2048);
});

test('a connection is used again, and one that the receiver closed is replaced', async (t) => {
  let connections = 0;
  const target = await receiver(t, (response) => {
    if (target.received.length === 3) response.setHeader('connection', 'close');
    response.end('ok');
  });
  const transport = transportTo(t, target.url);
  const ports = new Set<string>();
  target.answer = (response, _received, request) => {
    ports.add(String(request.socket.remotePort));
    connections = ports.size;
    if (target.received.length === 3) response.setHeader('connection', 'close');
    response.end('ok');
  };
  for (let i = 0; i < 5; i += 1) assert.equal(errorClass(await send(transport)), 'status 200');
  assert.equal(connections, 2);
});

test('redirects are not followed', async (t) => {
  const target = await receiver(t, (response) => {
    response.writeHead(302, { location: '/elsewhere' });
    response.end();
  });
  assert.equal(errorClass(await send(transportTo(t, target.url))), 'status 302');
  assert.equal(target.received.length, 1);
});

test('a receiver that hangs is a timeout', async (t) => {
  const target = await receiver(t, () => {});
  assert.equal(errorClass(await send(transportTo(t, target.url, { timeoutMs: 100 }))), 'timeout');
});

test('a receiver that never accepts is a timeout, and the next request gets a connection of its own', async (t) => {
  const url = await socketReceiver(t, () => {});
  const transport = transportTo(t, url, { timeoutMs: 100 });
  assert.equal(errorClass(await send(transport)), 'timeout');
  assert.equal(errorClass(await send(transport)), 'timeout');
});

test('refused, reset and closed connections are network errors', async (t) => {
  const reset = await socketReceiver(t, (socket) => socket.resetAndDestroy());
  assert.equal(errorClass(await send(transportTo(t, reset))), 'network');
  const closed = await socketReceiver(t, (socket) => socket.end());
  assert.equal(errorClass(await send(transportTo(t, closed))), 'network');
  const refused = await send(transportTo(t, 'http://127.0.0.1:1/secret-path'));
  assert.equal(errorClass(refused), 'network');
  assert.ok(refused.kind === 'error' && refused.message.includes('ECONNREFUSED'));
  assert.ok(!refused.message.includes('secret-path'));
});

test('what is no HTTP is a network error', async (t) => {
  const url = await socketReceiver(t, (socket) => socket.end('SSH-2.0-nonsense\r\n\r\n'));
  assert.equal(errorClass(await send(transportTo(t, url))), 'network');
});

test('whatever the response, its failure is told in one short line', async (t) => {
  const answers = [
    'HTTP/1.1 000 Nothing',
    'HTTP/1.1 099 Low',
    'HTTP/1.1 9999 High',
    'HTTP/1.1 abc',
    'HTTP/9.9 200 OK',
  ];
  for (const answer of answers) {
    const url = await socketReceiver(t, (socket) => socket.end(`${answer}\r\ncontent-length: 0\r\n\r\n`));
    const result = await send(transportTo(t, url));
    assert.ok(result.kind === 'error', answer);
    assert.equal(result.class, 'network');
    assert.match(result.message, /^[^\n\r]{1,200}$/);
    assert.doesNotMatch(result.message, /assert|expression|falsy/i);
  }
});

test('a name that does not resolve is a dns error', async (t) => {
  assert.equal(errorClass(await send(transportTo(t, 'http://does-not-exist.invalid/x'))), 'dns');
});

test('plain HTTP behind an https URL is a tls error', async (t) => {
  const target = await receiver(t);
  assert.equal(errorClass(await send(transportTo(t, `https://127.0.0.1:${target.port}/`))), 'tls');
});

test('an endless reply is broken off with its status, in bounded memory', async (t) => {
  let written = 0;
  const target = await receiver(t, (response) => {
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed && written < 2 ** 30) {
        written += 65_536;
        if (!response.write(Buffer.alloc(65_536))) break;
      }
    };
    response.on('drain', more);
    more();
  });
  const result = await send(transportTo(t, target.url));
  assert.equal(errorClass(result), 'status 200');
  assert.ok(written < 64 * 2 ** 20, `${written} bytes were taken`);
});

test('a reply that drips for ever ends at the timeout with its status', async (t) => {
  const target = await receiver(t, (response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('.'), 10);
    response.on('close', () => clearInterval(timer));
  });
  assert.equal(errorClass(await send(transportTo(t, target.url, { timeoutMs: 200 }))), 'status 200');
});

test('interim responses are not taken for the answer', async (t) => {
  const target = await receiver(t, (response) => {
    response.writeProcessing();
    response.writeHead(503);
    response.end();
  });
  assert.equal(errorClass(await send(transportTo(t, target.url))), 'status 503');
});

test('a header that cannot be sent is a result, not an exception', async (t) => {
  const target = await receiver(t);
  const transport = transportTo(t, target.url);
  const result = await new Promise<AttemptResult>((resolve) => {
    transport.send({ headers: ['x-bad', 'line\r\nbreak'], body: '{}' }, resolve);
  });
  assert.equal(result.kind, 'error');
  assert.equal(errorClass(await send(transport)), 'status 200', 'and the connection still works');
});

test('closing breaks off what is under way', async (t) => {
  const target = await receiver(t, () => {});
  const transport = transportTo(t, target.url);
  const result = new Promise<AttemptResult>((resolve) => {
    transport.send({ headers: [], body: '{}' }, resolve);
    until(() => target.received.length === 1, 'the request').then(
      () => transport.close(),
      () => {},
    );
  });
  assert.equal((await result).kind, 'error');
});

test('a proxy is used when it is named, or when the environment names one and NO_PROXY does not', async (t) => {
  const proxy = await receiver(t, (response) => response.end('by proxy'));
  const proxyUrl = `http://127.0.0.1:${proxy.port}`;
  const target = await receiver(t);
  const by = async (more: Parameters<typeof transportTo>[2]): Promise<string> => {
    const before = proxy.received.length;
    const tunnels = connects;
    await send(transportTo(t, target.url, { timeoutMs: 2000, ...more }));
    return proxy.received.length > before || connects > tunnels ? 'proxy' : 'direct';
  };
  let connects = 0;
  proxy.onConnect(() => {
    connects += 1;
  });
  assert.equal(await by({}), 'direct');
  assert.equal(await by({ proxy: proxyUrl }), 'proxy');
  assert.equal(await by({ env: { HTTP_PROXY: proxyUrl } }), 'proxy');
  assert.equal(await by({ env: { HTTP_PROXY: proxyUrl, NO_PROXY: '127.0.0.1' } }), 'direct');
  assert.equal(await by({ env: { HTTPS_PROXY: proxyUrl } }), 'direct');
});

test('a proxy may be written without a scheme, with a path and with a password', async (t) => {
  const proxy = await receiver(t, (response) => response.end('by proxy'));
  const written = [
    `127.0.0.1:${proxy.port}`,
    `http://127.0.0.1:${proxy.port}/ignored?too`,
    `http://us%40er:s3cret@127.0.0.1:${proxy.port}`,
  ];
  for (const [i, url] of written.entries()) {
    for (const more of [{ proxy: url }, { env: { http_proxy: url } }]) {
      const before = proxy.received.length;
      assert.equal(
        errorClass(await send(transportTo(t, 'http://receiver.test/hook', more))),
        'status 200',
        url,
      );
      const seen = proxy.received[before];
      assert.equal(seen?.path, 'http://receiver.test/hook');
      const expected = i === 2 ? `Basic ${Buffer.from('us@er:s3cret').toString('base64')}` : undefined;
      assert.equal(seen.headers['proxy-authorization'], expected);
    }
  }
});

test('a variable that names no proxy is named, without its value', (t) => {
  for (const value of ['::::', 'http://u:S3CRET@%', 'gopher://S3CRET']) {
    assert.throws(
      () => transportTo(t, 'http://receiver.test/hook', { env: { HTTP_PROXY: value } }),
      (error) =>
        error instanceof AuditsinkError &&
        error.code === 'config' &&
        /HTTP_PROXY/.test(error.message) &&
        !error.message.includes(value) &&
        !/S3CRET/.test(error.message),
    );
  }
});

test('a message of any length and with any line breaks becomes one line of at most 200 characters', () => {
  const result = errorResult(new Error(`first\n\tsecond ${'x'.repeat(500)}`), 1, null);
  assert.ok(result.kind === 'error');
  assert.match(result.message, /^first second x+…$/);
  assert.equal(result.message.length, 200);
});
