import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { readProcess } from './process-usage.ts';
import type { Usage } from './process-usage.ts';

const running = new Set<MeasuredProcess>();

/** A child process whose use of the machine can be read while it lives. */
export class MeasuredProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #onLine = (): void => {};
  #stderr = '';
  /** Milliseconds of the system's monotonic clock. */
  readonly startedAt = Number(process.hrtime.bigint() / 1000n) / 1000;

  /** `env` is added to our own. */
  constructor(command: string, args: readonly string[], env: Record<string, string> = {}) {
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    running.add(this);
    const { stdout, stderr } = this.#child;
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', (line) => {
        this.#lines.push(line);
        this.#onLine();
      });
    }
    stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-4000);
    });
    this.#child.on('error', (error) => {
      this.#stderr += error.message;
    });
    this.#child.on('close', () => {
      running.delete(this);
      this.#onLine();
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get alive(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get stderr(): string {
    return this.#stderr;
  }

  usage(): Usage {
    return readProcess(this.pid);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** The next line of its output that has `text` in it; lines before are dropped. Rejects when it ends first. */
  async line(text: string): Promise<string> {
    for (;;) {
      const at = this.#lines.findIndex((line) => line.includes(text));
      if (at >= 0) return this.#lines.splice(0, at + 1).at(-1) as string;
      if (!running.has(this)) {
        const { exitCode, signalCode } = this.#child;
        throw new Error(`it ended (${signalCode ?? exitCode}) without saying ${text}: ${this.#stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#onLine = resolve;
      });
    }
  }

  /** Asks it to end, and makes it after ten seconds. */
  async stop(): Promise<void> {
    if (!this.alive) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await exited;
    clearTimeout(timer);
  }

  /** Ends all that still run, at once: for Ctrl-C. */
  static killAll(): void {
    for (const one of running) one.#child.kill('SIGKILL');
  }
}
