import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { ResponseReader } from '../../src/webhook/response-reader.ts';

/** All that a reader says of one response. */
interface Reading {
  heads: Array<[status: number, retryAfter: string | undefined]>;
  body: string;
  isComplete: boolean;
  endsByClose: boolean;
  isKept: boolean;
  keptForMs: number | null;
  error: string | null;
}

/** As a connection gives pieces: each lies in one buffer that is overwritten afterwards. */
const arriving = Buffer.alloc(256 * 1024);

function readIn(reader: ResponseReader, pieces: readonly Buffer[]): Reading {
  const heads: Reading['heads'] = [];
  let body = '';
  let isComplete = false;
  let error: string | null = null;
  const handler = {
    onHead: (status: number, retryAfter: string | undefined) => void heads.push([status, retryAfter]),
    onBody: (part: Buffer) => void (body += part.toString('latin1')),
  };
  try {
    for (const piece of pieces) {
      const length = piece.copy(arriving);
      isComplete = reader.read(arriving.subarray(0, length), handler);
      arriving.fill('\r\n', 0, length);
    }
  } catch (thrown) {
    error = (thrown as Error).message;
  }
  const { isKept, keptForMs } = reader;
  return { heads, body, isComplete, endsByClose: reader.endedByClose(), isKept, keptForMs, error };
}

function read(text: string): Reading {
  return readIn(new ResponseReader(), [Buffer.from(text, 'latin1')]);
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b);
  const pieces = [...ends, bytes.length].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
  return pieces.filter(({ length }) => length > 0);
}

function response(...lines: string[]): string {
  return lines.join('\r\n');
}

const ok = 'HTTP/1.1 200 OK';
const sized = ['Content-Length: 2', '', 'ok'];
const chunks = ['Transfer-Encoding: chunked', '', '2', 'ok', '0', '', ''];
const chunkedOk = [ok, 'Transfer-Encoding: chunked', ''];

/** Responses that end by themselves, with the body and whether the connection is kept. */
const complete: ReadonlyArray<[what: string, text: string, body: string, isKept: boolean]> = [
  ['a length', response(ok, 'Content-Length: 5', '', 'hello'), 'hello', true],
  ['a length of nothing', response(ok, 'content-length:0', '', ''), '', true],
  ['a length said twice', response(ok, 'Content-Length: 2', ...sized), 'ok', true],
  ['a length in a list', response(ok, 'Content-Length: 2 , 2', '', 'ok'), 'ok', true],
  ['white space before a colon', response(ok, 'Content-Length : 2', '', 'ok'), 'ok', true],
  ['no reason', response('HTTP/1.1 200', ...sized), 'ok', true],
  ['a reason in Latin-1', response('HTTP/1.1 200 \xe9', ...sized), 'ok', true],
  [
    'chunks',
    response(ok, 'transfer-encoding:Chunked', '', '3', 'abc', '00A', '0123456789', '0', '', ''),
    'abc0123456789',
    true,
  ],
  ['chunks only', response(...chunkedOk, '0', '', ''), '', true],
  ['chunk extensions', response(...chunkedOk, '2;a=b;c="d"', 'ok', '0 ;e', '', ''), 'ok', true],
  ['trailers', response(...chunkedOk, '2', 'ok', '0', 'Content-Length: 9', 'B: c', '', ''), 'ok', true],
  ['line ends in a chunk', response(...chunkedOk, '4', '\r\n\r\n', '0', '', ''), '\r\n\r\n', true],
  ['chunks after a coding', response(ok, 'Transfer-Encoding: gzip', ...chunks), 'ok', true],
  ['both length and chunks', response(ok, 'Content-Length: 3', ...chunks), 'ok', false],
  ['no content', response('HTTP/1.1 204 No Content', '', ''), '', true],
  ['no content, with a length', response('HTTP/1.1 204 No Content', 'Content-Length: 7', '', ''), '', true],
  ['not modified', response('HTTP/1.1 304 Not Modified', 'Content-Length: 7', '', ''), '', true],
  ['close', response(ok, 'Connection: close', ...sized), 'ok', false],
  ['close in a list', response(ok, 'Connection: x, CLOSE', ...sized), 'ok', false],
  ['close in another word', response(ok, 'Connection: closed', ...sized), 'ok', true],
  ['keep-alive', response(ok, 'Connection: keep-alive', ...sized), 'ok', true],
  ['HTTP/1.0', response('HTTP/1.0 200 OK', ...sized), 'ok', false],
  ['HTTP/1.0, kept', response('HTTP/1.0 200 OK', 'Connection: Keep-Alive', ...sized), 'ok', true],
  // RFC 9112 section 6.1: it knows no chunks, so what it says of its end is not trusted.
  ['HTTP/1.0 in chunks', response('HTTP/1.0 200 OK', 'Connection: keep-alive', ...chunks), 'ok', false],
  ['surplus', response(ok, 'Content-Length: 2', '', 'okHTTP/1.1 200 OK'), 'ok', false],
  ['surplus after no content', response('HTTP/1.1 204 No Content', '', 'x'), '', false],
  ['surplus after chunks', response(...chunkedOk, '2', 'ok', '0', '', '\r\n'), 'ok', false],
  [
    'interim responses',
    response('HTTP/1.1 100 Continue', '', 'HTTP/1.1 103 Hints', 'Content-Length: 9', 'Link: </a>', '', '') +
      response('HTTP/1.1 199 What', 'Connection: close', '', ok, ...sized),
    'ok',
    true,
  ],
];

/** What cannot be read, with a part of what is said of it. */
const malformed: ReadonlyArray<[text: string, message: RegExp]> = [
  ...['HTTP/2 200 OK', 'HTTP/1.2 200 OK', 'http/1.1 200 OK', ' HTTP/1.1 200 OK', 'HTTP/1.1  200 OK'].map(
    (line): [string, RegExp] => [`${line}\r\n\r\n`, /no HTTP/],
  ),
  ...['HTTP/1.1 20 OK', 'HTTP/1.1 2000 OK', 'HTTP/1.1 099 OK', 'HTTP/1.1 200OK', 'HTTP/1.1'].map(
    (line): [string, RegExp] => [`${line}\r\nContent-Length: 0\r\n\r\n`, /no HTTP/],
  ),
  ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n', /another protocol/],
  ...['no colon', ': no name', 'Fold: a\r\n b'].map((line): [string, RegExp] => [
    response(ok, line, '', ''),
    /malformed header/,
  ]),
  ...['-1', '+1', '1.0', '0x1', '', '1 1', '1e1', '9'.repeat(16), '2, 3', '2\r\nContent-Length: 3'].map(
    (length): [string, RegExp] => [response(ok, `Content-Length: ${length}`, '', 'xxx'), /malformed length/],
  ),
  ...['', 'g', '-1', ' 1', '0x1', '1 1', '1,', '1'.repeat(14)].map((size): [string, RegExp] => [
    response(...chunkedOk, size, 'x', ''),
    /malformed chunk/,
  ]),
  [response(...chunkedOk, '2', 'oks', '0', '', ''), /malformed chunk/],
  [response(...chunkedOk, `1;${'x'.repeat(4096)}`, ''), /endless chunk/],
  [response(...chunkedOk, '0', 'x'.repeat(4096)), /endless chunk/],
  [`${ok}\r\nA: ${'x'.repeat(64 * 1024)}`, /endless head/],
  ['x'.repeat(64 * 1024), /endless head/],
];

describe('the response reader', () => {
  for (const [what, text, body, isKept] of complete) {
    it(`reads ${what}`, () => {
      const reading = read(text);
      assert.equal(reading.error, null);
      assert.equal(reading.body, body);
      assert.equal(reading.isComplete, true);
      assert.equal(reading.isKept, isKept);
      assert.equal(reading.heads.length, 1);
    });
  }

  it('reads up to the close where nothing says how long the body is', () => {
    const endings = [
      [],
      ['Transfer-Encoding: gzip'],
      ['Transfer-Encoding: chunked, gzip', 'Content-Length: 1'],
    ];
    for (const headers of endings) {
      const reading = read(response(ok, ...headers, '', 'one\r\n', 'two'));
      assert.equal(reading.body, 'one\r\n\r\ntwo');
      assert.deepEqual([reading.isComplete, reading.endsByClose, reading.isKept], [false, true, false]);
    }
  });

  it('says how long the connection is kept', () => {
    const keptFor = (...headers: string[]): number | null =>
      read(response(ok, ...headers, 'Content-Length: 0', '', '')).keptForMs;
    assert.equal(keptFor(), null);
    assert.equal(keptFor('Keep-Alive: timeout=5'), 5000);
    assert.equal(keptFor('keep-alive: max=100, Timeout=60'), 60_000);
    assert.equal(keptFor('Keep-Alive: timeout=0'), 0);
    assert.equal(keptFor('Keep-Alive: max=7', 'Keep-Alive: timeout=8'), 8000);
    assert.equal(keptFor('Keep-Alive: xtimeout=5'), null);
  });

  it('refuses what is no response', () => {
    for (const [text, message] of malformed) {
      const reading = read(text);
      assert.match(reading.error ?? 'read', message, JSON.stringify(text.slice(0, 80)));
      assert.equal(reading.isKept, false);
    }
  });

  it('passes over blank lines before a response', () => {
    const reading = read(`\r\n\n\r\n${response(ok, 'Content-Length: 2', '', 'ok')}`);
    assert.deepEqual([reading.body, reading.isComplete, reading.isKept], ['ok', true, true]);
    assert.equal(read('\r\n\r\n').isComplete, false);
  });

  it('takes a head of almost 64 KiB', () => {
    const rest = response('', 'Content-Length: 2', '', '');
    const long = `${ok}\r\nA: ${'x'.repeat(64 * 1024 - ok.length - 5 - rest.length)}${rest}`;
    assert.equal(long.length, 64 * 1024);
    assert.equal(read(`${long}ok`).body, 'ok');
    assert.match(read(long.replace('A: ', 'A: x')).error ?? '', /endless head/);
  });

  it('tells of the status and Retry-After of the response itself, not of what came before it', () => {
    const { heads } = read(
      response(
        'HTTP/1.1 103 Early Hints',
        'Retry-After: 1',
        '',
        'HTTP/1.1 429 Wait',
        'RETRY-AFTER:  7 ',
        '',
        '',
      ),
    );
    assert.deepEqual(heads, [[429, '7']]);
  });

  it('knows whether anything of a response arrived', () => {
    const reader = new ResponseReader();
    assert.equal(reader.hasBegun, false);
    readIn(reader, [Buffer.from('H')]);
    assert.equal(reader.hasBegun, true);
    reader.reset();
    assert.equal(reader.hasBegun, false);
    readIn(reader, [Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')]);
    assert.equal(reader.hasBegun, true);
    reader.reset();
    assert.equal(reader.hasBegun, false);
  });

  it('reads one response after the other, whether or not their heads are alike', () => {
    const reader = new ResponseReader();
    const lengths = [2, 2, 3, 2, 0, 0];
    for (const length of lengths) {
      const text = response(ok, `Content-Length: ${length}`, '', 'x'.repeat(length));
      const reading = readIn(reader, [Buffer.from(text)]);
      assert.deepEqual([reading.body.length, reading.isComplete, reading.isKept], [length, true, true]);
      reader.reset();
    }
  });

  it('reads any response in any pieces as in one', () => {
    const texts = [...complete.map(([, text]) => text), response(ok, '', 'until the close')];
    const places = fc.array(fc.nat(400), { maxLength: 40 });
    // A byte that is another one: what is malformed is so in pieces as well.
    const damage = fc.option(fc.tuple(fc.nat(400), fc.nat(255)));
    const several = fc.array(fc.constantFrom(...texts), { minLength: 1, maxLength: 3 });
    const check = (chosen: string[], at: number[], changed: [at: number, to: number] | null): void => {
      const reader = new ResponseReader();
      for (const text of chosen) {
        const bytes = Buffer.from(text, 'latin1');
        if (changed !== null) bytes[changed[0] % bytes.length] = changed[1];
        assert.deepEqual(readIn(reader, cut(bytes, at)), readIn(new ResponseReader(), [bytes]));
        reader.reset();
      }
    };
    fc.assert(fc.property(several, places, damage, check), { numRuns: 1000 });
    // Byte by byte, and in two parts at each place.
    for (const text of texts) {
      const all = Array.from({ length: text.length }, (_, i) => i);
      check([text], all, null);
      for (const place of all) check([text], [place], null);
    }
  });
});
