import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { markedNumbers } from '../data.ts';
import { readProcess } from '../process-usage.ts';
import type { ReceiverCommand, ReceiverStats, Sample } from '../receiver.ts';

/**
 * A cheap HTTP receiver in a process of its own: raw sockets, just enough parsing to find where a request ends
 * (`node:http` would cost more than what is measured). Talks to its parent by IPC.
 */
const reply = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
const headEnd = Buffer.from('\r\n\r\n');

/** What is counted between one `reset` and the next. */
class Count {
  readonly #expected: number;
  readonly #copies: number;
  readonly #batched: boolean;
  readonly #watch: () => number | null;
  /** How often each event arrived. */
  readonly #seen: Uint8Array;
  readonly arrivals: Float64Array;
  readonly samples: Sample[] = [];
  complete = 0;
  events = 0;
  requests = 0;
  inOrder = true;
  lastSeen = -1;
  lastAt = 0;
  readonly startCpu = process.cpuUsage();

  constructor(command: Extract<ReceiverCommand, { kind: 'reset' }>, watch: () => number | null) {
    this.#expected = command.events;
    this.#copies = command.copies;
    this.#batched = command.batched;
    this.#watch = watch;
    this.#seen = new Uint8Array(command.events);
    this.arrivals = new Float64Array(command.arrivals ? command.events : 0);
  }

  request(body: Buffer): void {
    this.requests += 1;
    this.lastAt = nowMs();
    if (this.requests === 1) this.#sample();
    for (const n of markedNumbers(body)) {
      this.#event(n);
      // A template may repeat the key of its one event.
      if (!this.#batched) return;
    }
  }

  #event(n: number): void {
    this.events += 1;
    if (n < this.lastSeen) this.inOrder = false;
    this.lastSeen = n;
    if (n >= this.#expected) return;
    const times = (this.#seen[n] ?? 0) + 1;
    this.#seen[n] = Math.min(times, 255);
    if (times === 1 && this.arrivals.length > 0) this.arrivals[n] = this.lastAt;
    if (times !== this.#copies) return;
    this.complete += 1;
    // One at the first request and ten more on the way.
    if (this.complete >= (this.samples.length * this.#expected) / 10) this.#sample();
  }

  #sample(): void {
    const pid = this.#watch();
    const { cpuUs, residentMb } = pid === null ? { cpuUs: 0, residentMb: 0 } : readProcess(pid);
    this.samples.push({ complete: this.complete, atMs: this.lastAt, cpuUs, residentMb });
  }
}

function nowMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

let watched: number | null = null;
let delayMs = 0;
let count = new Count(
  { kind: 'reset', events: 0, copies: 1, batched: false, arrivals: false, delayMs: 0 },
  () => null,
);

/** Answers that wait, in order of their time. */
const waiting: Array<{ socket: Socket; since: number }> = [];
let waitedMs = 0;
let answered = 0;

/** A timer of its own for each answer would be late by half a millisecond in the mean; this one is not. */
function answerDue(): void {
  const now = nowMs();
  while (waiting[0] !== undefined && waiting[0].since + delayMs <= now + 0.5) {
    const { socket, since } = waiting.shift() as { socket: Socket; since: number };
    waitedMs += now - since;
    answered += 1;
    socket.write(reply);
  }
  if (waiting.length > 0) setTimeout(answerDue, 1);
}

function answer(socket: Socket): void {
  if (delayMs === 0) {
    socket.write(reply);
    return;
  }
  waiting.push({ socket, since: nowMs() });
  if (waiting.length === 1) setTimeout(answerDue, delayMs - 1);
}

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    let data: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (data.length > 0) {
      const head = data.indexOf(headEnd);
      const end = head < 0 ? -1 : head + 4 + contentLength(data, head);
      if (end < 0 || data.length < end) break;
      count.request(data.subarray(head + 4, end));
      answer(socket);
      data = data.subarray(end);
    }
    rest = data;
  });
});

function contentLength(data: Buffer, head: number): number {
  const match = /\r\ncontent-length: *(\d+)/i.exec(data.toString('latin1', 0, head));
  return match === null ? 0 : Number(match[1]);
}

function stats(): ReceiverStats {
  const { port } = server.address() as { port: number };
  const { user, system } = process.cpuUsage(count.startCpu);
  const { complete, events, requests, inOrder, samples, lastAt } = count;
  const meanDelayMs = answered === 0 ? 0 : waitedMs / answered;
  return { port, complete, events, requests, inOrder, samples, lastAt, meanDelayMs, cpuUs: user + system };
}

process.on('message', (command: ReceiverCommand) => {
  switch (command.kind) {
    case 'reset':
      watched = null;
      ({ delayMs } = command);
      waitedMs = answered = waiting.length = 0;
      count = new Count(command, () => watched);
      break;
    case 'watch':
      watched = command.pid;
      break;
    case 'arrivals':
      process.send?.([...count.arrivals]);
      return;
    case 'stats':
      break;
  }
  process.send?.(stats());
});
process.on('disconnect', () => process.exit(0));
// Fails early where there is no /proc to measure others by.
readFileSync('/proc/self/stat');
server.listen(0, '127.0.0.1', () => process.send?.(stats()));
