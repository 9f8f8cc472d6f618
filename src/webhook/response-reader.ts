/** What is taken up of a response as it is read. */
export interface ResponseHandler {
  onHead(status: number, retryAfter: string | undefined): void;
  /** A part of the body; what is to be kept of it has to be copied. */
  onBody(part: Buffer): void;
}

/** What arrived is no HTTP/1 response. */
export class MalformedResponse extends Error {}

/** What the head of a response says about its end, and about the connection afterwards. */
interface Head {
  status: number;
  retryAfter: string | undefined;
  /** Bytes of the body; -1: in chunks, -2: up to the end of the connection. */
  length: number;
  isKept: boolean;
  /** How long the receiver keeps the connection, by its Keep-Alive header; null where it does not say. */
  keptForMs: number | null;
}

const chunked = -1;
const upToTheEnd = -2;

const maxHeadBytes = 64 * 1024;
const maxChunkLineBytes = 4096;
const usualBytes = 1024;
const headEnd = '\r\n\r\n';
const lineEnd = '\r\n';

/**
 * Reads the responses of one connection, one after the other, from whatever pieces they arrive in (RFC 9112 with
 * the framing rules of its section 6.3; interim responses are passed over).
 *
 *   head ──▶ sized ──▶ done          head ──▶ until-close (done with the connection)
 *     └────▶ chunk-size ⇄ chunk, chunk-end
 *                └──▶ trailers ──▶ done
 */
export class ResponseReader {
  #state: 'head' | 'sized' | 'until-close' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'done' =
    'head';
  #left = 0;
  #rest: Buffer | null = null;
  #surplus = false;
  #head: Head | null = null;
  /** A receiver's heads are alike: one that is the same as the last is not parsed again. */
  #lastText = '';
  #lastHead: Head | null = null;

  /** Takes up what came next; true once the response is complete. Throws MalformedResponse. */
  read(piece: Buffer, handler: ResponseHandler): boolean {
    const bytes = this.#rest === null ? piece : Buffer.concat([this.#rest, piece]);
    this.#rest = null;
    let at = 0;
    while (this.#state !== 'done') {
      switch (this.#state) {
        case 'head': {
          // RFC 9112 section 2.2 lets a blank line before it pass.
          while (this.#head === null && (bytes[at] === 0x0d || bytes[at] === 0x0a)) at += 1;
          const text = this.#upTo(bytes, at, headEnd, maxHeadBytes, 'head');
          if (text === null) return false;
          at += text.length + headEnd.length;
          this.#begin(text, handler);
          break;
        }
        case 'sized':
        case 'chunk': {
          const end = Math.min(bytes.length, at + this.#left);
          if (end > at) handler.onBody(bytes.subarray(at, end));
          this.#left -= end - at;
          at = end;
          if (this.#left > 0) return false;
          this.#state = this.#state === 'sized' ? 'done' : 'chunk-end';
          break;
        }
        case 'until-close':
          if (at < bytes.length) handler.onBody(bytes.subarray(at));
          return false;
        case 'chunk-end':
        case 'chunk-size':
        case 'trailers': {
          const line = this.#upTo(bytes, at, lineEnd, maxChunkLineBytes, 'chunk');
          if (line === null) return false;
          at += line.length + lineEnd.length;
          this.#readLine(line);
          break;
        }
      }
    }
    this.#surplus = at < bytes.length;
    return true;
  }

  /** The receiver closed the connection: true when that is how its response ends. */
  endedByClose(): boolean {
    return this.#state === 'until-close';
  }

  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** Whether anything of a response arrived. */
  get hasBegun(): boolean {
    return this.#state !== 'head' || this.#rest !== null || this.#head !== null;
  }

  /** Whether the connection can take another request after this response. */
  get isKept(): boolean {
    return this.#state === 'done' && !this.#surplus && this.#head?.isKept === true;
  }

  /** How long the receiver keeps the connection without a request; null where it does not say. */
  get keptForMs(): number | null {
    return this.#head?.keptForMs ?? null;
  }

  /** Makes ready for the next response. */
  reset(): void {
    this.#state = 'head';
    this.#rest = null;
    this.#head = null;
    this.#surplus = false;
  }

  /** The text before `end`, without it; null when more has to arrive. */
  #upTo(bytes: Buffer, at: number, end: string, most: number, what: string): string | null {
    // Mostly it ends soon, and a text of all that came would be kept alive by its first part.
    for (const reach of [usualBytes, most]) {
      const text = bytes.toString('latin1', at, Math.min(bytes.length, at + reach));
      const length = text.indexOf(end);
      if (length >= 0) return text.slice(0, length);
      if (at + reach >= bytes.length) break;
    }
    if (bytes.length - at >= most) throw new MalformedResponse(`the answer has an endless ${what}`);
    if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at));
    return null;
  }

  #begin(text: string, handler: ResponseHandler): void {
    const head = text === this.#lastText && this.#lastHead !== null ? this.#lastHead : parseHead(text);
    this.#lastText = text;
    this.#lastHead = head;
    this.#head = head;
    if (head.status < 200) return; // interim: the response itself follows
    handler.onHead(head.status, head.retryAfter);
    this.#left = head.length;
    this.#state =
      head.length === chunked ? 'chunk-size' : head.length === upToTheEnd ? 'until-close' : 'sized';
  }

  #readLine(line: string): void {
    switch (this.#state) {
      case 'chunk-size': {
        const size = /^([0-9a-f]{1,13})[ \t]*(?:;|$)/i.exec(line)?.[1];
        if (size === undefined) throw new MalformedResponse('the answer has a malformed chunk');
        this.#left = Number.parseInt(size, 16);
        this.#state = this.#left === 0 ? 'trailers' : 'chunk';
        return;
      }
      case 'chunk-end':
        if (line !== '') throw new MalformedResponse('the answer has a malformed chunk');
        this.#state = 'chunk-size';
        return;
      default:
        if (line === '') this.#state = 'done';
    }
  }
}

function parseHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split(lineEnd);
  const start = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/.exec(statusLine);
  if (start === null) throw new MalformedResponse('the answer is no HTTP/1.1');
  const status = Number(start[2]);
  if (status === 101)
    throw new MalformedResponse('the answer switches to another protocol, which nobody asked for');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) throw new MalformedResponse('the answer has a malformed header');
    const name = line.slice(0, colon).trimEnd().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    if (before !== undefined && name === 'retry-after') continue; // no list: the first one counts
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  const connection = headers.get('connection') ?? '';
  const length = bodyLength(status, headers);
  const keptForS = /(?:^|[\s,])timeout=(\d{1,9})/i.exec(headers.get('keep-alive') ?? '')?.[1];
  return {
    status,
    retryAfter: headers.get('retry-after'),
    length,
    isKept:
      length !== upToTheEnd &&
      !(headers.has('transfer-encoding') && (start[1] === '0' || headers.has('content-length'))) &&
      (start[1] === '1' ? !hasToken(connection, 'close') : hasToken(connection, 'keep-alive')),
    keptForMs: keptForS === undefined ? null : Number(keptForS) * 1000,
  };
}

/** RFC 9112 section 6.3. */
function bodyLength(status: number, headers: ReadonlyMap<string, string>): number {
  if (status < 200 || status === 204 || status === 304) return 0;
  const encoding = headers.get('transfer-encoding');
  if (encoding !== undefined) return /(?:^|,)\s*chunked$/i.test(encoding) ? chunked : upToTheEnd;
  const written = headers.get('content-length');
  if (written === undefined) return upToTheEnd;
  const lengths = new Set(written.split(',').map((one) => one.trim()));
  const [length = ''] = lengths;
  if (lengths.size > 1 || !/^\d{1,15}$/.test(length))
    throw new MalformedResponse('the answer has a malformed length');
  return Number(length);
}

function hasToken(list: string, token: string): boolean {
  return list.split(',').some((one) => one.trim().toLowerCase() === token);
}
