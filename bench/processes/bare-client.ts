import { closeSync, openSync, readSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { Client } from 'undici';
import type { Dispatcher } from 'undici';

/** The ceiling. Arguments: port, log file, connections, lines in one request, `follow` or `once`. */
const [port, file = '', connections, batch, mode] = process.argv.slice(2);
const perRequest = Number(batch);
const headers = ['content-type', 'application/json'];
const buffer = Buffer.alloc(2 ** 20);
const fd = openSync(file, 'r');
const lines: string[] = [];
let next = 0;
let rest = '';

function read(): void {
  for (let size = readSync(fd, buffer); size > 0; size = readSync(fd, buffer)) {
    // The log of the benchmark is ASCII, so that no character is cut.
    const parts = (rest + buffer.toString('latin1', 0, size)).split('\n');
    rest = parts.pop() as string;
    for (const line of parts) lines.push(line);
  }
}

function nextBody(): string | undefined {
  if (perRequest === 1) {
    const line = lines[next];
    if (line !== undefined) next += 1;
    return line;
  }
  if (next >= lines.length) return undefined;
  const body = lines.slice(next, next + perRequest).join('\n');
  next += perRequest;
  return body;
}

class Sender implements Dispatcher.DispatchHandler {
  readonly #client = new Client(`http://127.0.0.1:${port}`, { pipelining: 1, keepAliveTimeout: 60_000 });

  send(): void {
    const body = nextBody();
    if (body === undefined) idle.push(this);
    else this.#client.dispatch({ path: '/', method: 'POST', headers, body }, this);
  }

  onRequestStart(): void {}
  onResponseStart(): void {}
  onResponseData(): void {}

  onResponseEnd(): void {
    this.send();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    throw error;
  }
}

const idle: Sender[] = [];
read();
for (let i = 0; i < Number(connections); i += 1) new Sender().send();
if (mode === 'follow') {
  watch(dirname(file), () => {
    read();
    while (next < lines.length && idle.length > 0) idle.pop()?.send();
  });
} else {
  closeSync(fd);
}
// Stays until it is stopped, so that its use of the machine can be read.
setInterval(() => {}, 60_000);
