import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Output } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';
import { answersOf, type AnswerOptions } from '../../src/cli/receiver/answers.ts';
import { Receiver, type Received, type ReceiverOptions } from '../../src/cli/receiver/receiver.ts';

export const cliFile = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** Far longer than anything here takes, for machines that are busy with something else. */
const deadlineMs = 20_000;

/** One of Flipt's audit lines. */
export function fliptLine(key: string, namespace = 'default'): string {
  return JSON.stringify({
    version: '0.2',
    type: 'flag',
    action: 'updated',
    status: 'success',
    metadata: { actor: { authentication: 'oidc', email: 'alice@example.com', name: 'Alice' } },
    payload: { description: '', enabled: true, key, name: key, namespace_key: namespace },
    timestamp: '2026-01-15T09:30:00Z',
  });
}

/** A folder that goes with the test. */
export function tempDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'auditsink-cli-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A config file in a folder of its own. */
export function configFile(t: TestContext, text: string, dir = tempDir(t)): string {
  const file = join(dir, 'config.yaml');
  writeFileSync(file, text);
  return file;
}

export interface CliOptions {
  env?: NodeJS.ProcessEnv;
  stdin?: string;
  /** Pretends to be a terminal. */
  tty?: boolean;
}

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs one command line to its end. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<Finished> {
  return new RunningCli(args, options).finished;
}

/** One command line at work in this process. */
export class RunningCli {
  readonly #stdout: Collector;
  readonly #stderr: Collector;
  readonly signals = new EventEmitter();
  readonly finished: Promise<Finished>;

  constructor(args: readonly string[], { env = {}, stdin = '', tty = false }: CliOptions = {}) {
    this.#stdout = new Collector(tty);
    this.#stderr = new Collector(tty);
    this.finished = main({
      argv: args,
      env,
      stdin: Readable.from([stdin]),
      stdout: this.#stdout,
      stderr: this.#stderr,
      signals: this.signals,
    }).then((code) => ({ code, stdout: this.stdout, stderr: this.stderr }));
  }

  get stdout(): string {
    return this.#stdout.text;
  }

  get stderr(): string {
    return this.#stderr.text;
  }

  /** Waits for a piece of output, whichever stream it comes on. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    let over = false;
    void this.finished.then(() => (over = true));
    const output = (): string => this.stdout + this.stderr;
    return eventually(() => {
      const found = pattern.exec(this.stdout) ?? pattern.exec(this.stderr) ?? undefined;
      if (found === undefined) assert.ok(!over, `it ended without saying ${pattern}: ${output()}`);
      return found;
    }, output);
  }
}

class Collector extends Writable implements Output {
  isTTY: boolean;
  columns = 100;
  text = '';

  constructor(tty: boolean) {
    super();
    this.isTTY = tty;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Asks again and again until there is an answer. */
export async function eventually<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  context: () => string = () => '',
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    assert.ok(performance.now() < end, `it did not happen: ${context()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A receiver that goes with the test, and what it got. */
export async function receiver(
  t: TestContext,
  answers: Partial<AnswerOptions> = {},
  options: Partial<ReceiverOptions> = {},
): Promise<{ origin: string; received: Received[] }> {
  const received: Received[] = [];
  const running = new Receiver({
    host: '127.0.0.1',
    port: 0,
    delayMs: 0,
    signatureOf: () => null,
    answer: answersOf({ status: [200], failFirst: 0, body: 'ok', ...answers }),
    onRequest: (request) => void received.push(request),
    ...options,
  });
  t.after(() => running.stop());
  return { origin: await running.start(), received };
}
