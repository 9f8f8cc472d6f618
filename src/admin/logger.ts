import { pino } from 'pino';
import type { Logger, LogLevel } from '../core/logger.ts';
import { prettyLine } from './pretty.ts';
import { redactFields } from './redact-fields.ts';

export interface LogOptions {
  level: LogLevel;
  /** `json`: one object per line; `pretty`: for people, in colour on a terminal. */
  format: 'json' | 'pretty';
  /** Usually `process.stdout`, whose writes Node makes synchronously on POSIX, so that no line is lost on exit. */
  stream: NodeJS.WritableStream;
}

export interface AdminLogger extends Logger {
  /** Changes what is logged from now on. */
  setLevel(level: LogLevel): void;
  /** Resolves once every line so far was handed to the stream, or the stream failed; never rejects. */
  flush(): Promise<void>;
  /** Lets go of the stream; it is not closed. */
  close(): void;
}

/**
 * The log: lines of `{"level","time","msg",…fields}` with the time in RFC 3339 and the level as a word. A reader
 * that goes away (EPIPE) costs the lines and never the daemon. A level that is off costs one empty call.
 */
export function createLogger(options: LogOptions): AdminLogger {
  const { stream, format } = options;
  const colour = format === 'pretty' && hasColour(stream);
  // Without a listener the error of a closed pipe would end the process, and with it every delivery.
  const ignore = (): void => {};
  stream.on('error', ignore);
  const write = (line: string): void => {
    if (stream.writable) stream.write(format === 'pretty' ? prettyLine(line, colour) : line);
  };
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }), log: redactFields },
    },
    { write },
  );
  return {
    debug: (fields, msg) => log.debug(fields, msg),
    info: (fields, msg) => log.info(fields, msg),
    warn: (fields, msg) => log.warn(fields, msg),
    error: (fields, msg) => log.error(fields, msg),
    setLevel(level) {
      log.level = level;
    },
    flush() {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (stream.writable) stream.write('', () => resolve());
      else resolve();
      return promise;
    },
    close() {
      stream.off('error', ignore);
    },
  };
}

/** Node's terminal streams know the terminal and heed NO_COLOR. */
function hasColour(stream: NodeJS.WritableStream): boolean {
  if (!('isTTY' in stream) || stream.isTTY !== true) return false;
  return !('hasColors' in stream) || typeof stream.hasColors !== 'function' || Boolean(stream.hasColors());
}
