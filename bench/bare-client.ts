import { readFileSync } from 'node:fs';
import { Client } from 'undici';
import type { Dispatcher } from 'undici';

/** The ceiling: the same POSTs from memory with nothing around them. Arguments: port, log file, connections. */
const [port, file, connections] = process.argv.slice(2);
const lines = readFileSync(file as string, 'utf8')
  .trimEnd()
  .split('\n');
const headers = ['content-type', 'application/json'];
let next = 0;

class Sender implements Dispatcher.DispatchHandler {
  readonly #client = new Client(`http://127.0.0.1:${port}`, { pipelining: 1 });

  send(): void {
    const body = lines[next];
    next += 1;
    if (body === undefined) return;
    this.#client.dispatch({ path: '/', method: 'POST', headers, body }, this);
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

for (let i = 0; i < Number(connections); i += 1) new Sender().send();
// Stays until it is stopped, so that its CPU time can be read.
setInterval(() => {}, 60_000);
