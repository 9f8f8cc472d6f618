import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { auditLine } from '../data.ts';

/**
 * Posts signed events over kept connections, made before the clock runs. Arguments: port, secret, first event,
 * how many, connections, events per second (0: as fast as they are answered).
 */
const [port = 0, first = 0, count = 0, connections = 0, perS = 0] = process.argv.slice(3).map(Number);
const secret = process.argv[2] as string;
const headEnd = Buffer.from('\r\n\r\n');

const requests = Array.from({ length: count }, (_, n) => {
  const body = auditLine(first + n);
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  return Buffer.from(
    `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
      `X-Flipt-Webhook-Signature: ${signature}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
});
const latencies = new Float64Array(count);
let next = 0;
let answered = 0;
let refused = 0;
let from = 0;
const idle: Poster[] = [];

/** When a request should be sent: one that had to wait for a free connection has waited all the same. */
function dueAt(n: number): number {
  return perS === 0 ? performance.now() : from + (n / perS) * 1000;
}

class Poster {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  #since = 0;
  #n = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#data(chunk));
    socket.on('close', () => {
      if (answered < count) throw new Error('the source closed a connection');
    });
  }

  send(): void {
    this.#n = next;
    next += 1;
    this.#since = dueAt(this.#n);
    this.#socket.write(requests[this.#n] as Buffer);
  }

  #data(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const head = this.#rest.indexOf(headEnd);
    if (head < 0) return;
    const text = this.#rest.toString('latin1', 0, head);
    const chunked = /\r\ntransfer-encoding: *chunked/i.test(text);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
    const end = chunked ? this.#rest.indexOf('\r\n0\r\n\r\n', head) + 7 : head + 4 + length;
    if (this.#rest.length < end || (chunked && end === 6)) return;
    this.#rest = this.#rest.subarray(end);
    latencies[this.#n] = performance.now() - this.#since;
    if (!text.startsWith('HTTP/1.1 202')) refused += 1;
    answered += 1;
    if (answered === count) finish();
    else if (next < count && perS === 0) this.send();
    else idle.push(this);
  }
}

function finish(): void {
  const { user, system } = process.cpuUsage();
  const said = {
    elapsedMs: performance.now() - from,
    refused,
    cpuUs: user + system,
    latencies: [...latencies].sort((a, b) => a - b),
  };
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

function pace(): void {
  for (const poster of idle.splice(0)) {
    if (next < count && dueAt(next) <= performance.now()) poster.send();
    else idle.push(poster);
  }
  if (next < count) setTimeout(pace, 1);
}

const sockets = Array.from({ length: connections }, () => connect(port, '127.0.0.1'));
await Promise.all(
  sockets.map(
    (socket) =>
      new Promise((resolve) => {
        socket.once('connect', resolve);
      }),
  ),
);
const posters = sockets.map((socket) => new Poster(socket));
from = performance.now();
if (perS === 0) {
  for (const poster of posters) if (next < count) poster.send();
} else {
  idle.push(...posters);
  pace();
}
// Stays until it is stopped.
setInterval(() => {}, 60_000);
