import type { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';

/** Where text goes; `isTTY` decides about colour, `columns` about width. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

/** Everything a command takes from the process, so that a test can call `main` with its own. */
export interface Io {
  argv: readonly string[];
  env: NodeJS.ProcessEnv;
  stdin: Readable;
  stdout: Output;
  stderr: Output;
  /** Emits `SIGTERM`, `SIGINT`, `SIGHUP`. */
  signals: Pick<EventEmitter, 'on' | 'off'>;
}
