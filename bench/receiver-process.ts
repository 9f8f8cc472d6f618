import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { marker } from './data.ts';

/**
 * A cheap HTTP receiver in a process of its own: raw sockets, just enough parsing to find where a request ends
 * (`node:http` would cost more than what is measured). Talks to its parent by IPC: `{ reset: capacity }` starts
 * a count and is answered with the port, `{ stats: true }` is answered with what arrived.
 */
const delayMs = Number(process.argv[2] ?? 0);
const reply = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
const headEnd = Buffer.from('\r\n\r\n');

let seen = new Uint8Array(0);
let distinct = 0;
let events = 0;
let requests = 0;
let inOrder = true;
let lastSeen = -1;
let firstAt = 0;
let lastAt = 0;
/** Arrival of each event in ms of the system's monotonic clock; only for latency runs. */
let arrivals: number[] | null = null;

function count(body: Buffer): void {
  for (let at = body.indexOf(marker); at >= 0; at = body.indexOf(marker, at + 13)) {
    const n = Number(body.toString('latin1', at + 4, at + 13));
    if (Number.isNaN(n)) continue;
    events += 1;
    if (n !== lastSeen && n < lastSeen) inOrder = false;
    lastSeen = n;
    if (seen[n] === 0) {
      distinct += 1;
      if (arrivals !== null) arrivals[n] = Number(process.hrtime.bigint() / 1000n) / 1000;
    }
    seen[n] = 1;
    if (!wholeBody) return;
  }
}

/** Batches carry many markers; a single event may repeat its key in a template, so only the first counts. */
let wholeBody = false;

function answer(socket: Socket): void {
  if (delayMs === 0) socket.write(reply);
  else setTimeout(() => socket.write(reply), delayMs);
}

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer | null = null as Buffer | null;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    let data: Buffer = rest === null ? chunk : Buffer.concat([rest, chunk]);
    rest = null;
    while (data.length > 0) {
      const head = data.indexOf(headEnd);
      const end = head < 0 ? -1 : head + 4 + contentLength(data, head);
      if (end < 0 || data.length < end) {
        rest = data;
        return;
      }
      requests += 1;
      lastAt = performance.now();
      if (firstAt === 0) firstAt = lastAt;
      count(data.subarray(head + 4, end));
      answer(socket);
      data = data.subarray(end);
    }
  });
});

function contentLength(data: Buffer, head: number): number {
  const text = data.toString('latin1', 0, head);
  const match = /\r\ncontent-length: *(\d+)/i.exec(text);
  return match === null ? 0 : Number(match[1]);
}

interface Command {
  reset?: number;
  batched?: boolean;
  arrivals?: boolean;
}

process.on('message', (command: Command) => {
  if (command.reset !== undefined) {
    seen = new Uint8Array(command.reset);
    distinct = events = requests = 0;
    inOrder = true;
    lastSeen = -1;
    firstAt = lastAt = 0;
    wholeBody = command.batched === true;
    arrivals = command.arrivals === true ? [] : null;
  }
  const { port } = server.address() as { port: number };
  const cpu = process.cpuUsage();
  process.send?.({
    port,
    distinct,
    events,
    requests,
    inOrder,
    elapsedMs: lastAt - firstAt,
    cpuUs: cpu.user + cpu.system,
    arrivals,
  });
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => process.send?.({ ready: true }));
