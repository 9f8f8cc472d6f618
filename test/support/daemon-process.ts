import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** The real daemon in a process of its own, as `auditsink run` starts it. */
export class DaemonProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #stdout = '';
  stderr = '';

  /** `config` is written as JSON, which is YAML, into `dir`; resolves when the daemon says that it is ready. */
  static async start(dir: string, config: object, env: NodeJS.ProcessEnv = {}): Promise<DaemonProcess> {
    const daemon = new DaemonProcess(dir, config, env);
    await until(() => daemon.isReady || daemon.hasExited, 'the daemon to be ready');
    if (daemon.hasExited) throw new Error(`the daemon ended: ${daemon.#stdout}\n${daemon.stderr}`);
    return daemon;
  }

  constructor(dir: string, config: object, env: NodeJS.ProcessEnv = {}) {
    const file = join(dir, 'config.json');
    writeFileSync(file, JSON.stringify({ admin: { listen: '127.0.0.1:0' }, ...config }));
    this.#child = spawn(process.execPath, [cli, 'run', '-c', file], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#exited = once(this.#child, 'exit');
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString();
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
  }

  get stdin(): NodeJS.WritableStream {
    if (this.#child.stdin === null) throw new Error('no stdin');
    return this.#child.stdin;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get isReady(): boolean {
    return this.#stdout.includes('"msg":"ready"');
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get output(): string {
    return this.#stdout;
  }

  /** The log so far, one object per line. */
  get log(): Array<Record<string, unknown>> {
    const lines = this.#stdout.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  get adminUrl(): string {
    return `http://${String(this.log.find(({ msg }) => msg === 'ready')?.['admin'])}`;
  }

  /** The value of one metric line, by its exact name and labels. */
  async metric(line: string): Promise<number | undefined> {
    const text = await (await fetch(`${this.adminUrl}/metrics`)).text();
    const found = text.split('\n').find((one) => one.startsWith(`${line} `));
    return found === undefined ? undefined : Number(found.slice(line.length + 1));
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it by this signal and resolves to its exit code; null when the signal ended it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (!this.hasExited) this.#child.kill(signal);
    await this.#exited;
    return this.#child.exitCode;
  }

  async exit(): Promise<number | null> {
    await this.#exited;
    return this.#child.exitCode;
  }
}
