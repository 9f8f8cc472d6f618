import { pino } from 'pino';
import { systemClock, type Clock } from '../core/clock.ts';
import type { Logger, LogLevel } from '../core/logger.ts';
import { prettyLine } from './pretty.ts';
import { redactFields } from './redact-fields.ts';

export interface LogOptions {
  level: LogLevel;
  /** `json`: one object per line; `pretty`: for people, in colour on a terminal. */
  format: 'json' | 'pretty';
  /** Usually `process.stdout`. */
  stream: NodeJS.WritableStream;
  /** For the bound of a flush. */
  clock?: Clock;
}

export interface AdminLogger extends Logger {
  /** Changes what is logged from now on. */
  setLevel(level: LogLevel): void;
  /**
   * Resolves once every line so far was handed to the system, or the stream failed, or its reader stood still for
   * {@link maxFlushMs}; never rejects. To be awaited before the process exits: a pipe whose reader is slow takes the
   * rest of the lines only then.
   */
  flush(): Promise<void>;
}

/** How long a process may be kept from its end by the reader of its log. */
const maxFlushMs = 2000;

/** What may wait in memory for a slow reader. */
const maxWaitingBytes = 4 * 1024 * 1024;

/**
 * The log: lines of `{"level","time",…fields,"msg"}` with the time in RFC 3339 and the level as a word. A reader
 * that goes away (EPIPE) or stands still costs lines and never a delivery; how many is logged once it goes on.
 * A level that is off costs one empty call.
 */
export function createLogger(options: LogOptions): AdminLogger {
  const { stream, format, clock = systemClock } = options;
  const colour = format === 'pretty' && hasColour(stream);
  // Without a listener the error of a closed pipe would end the process, and with it every delivery.
  stream.on('error', () => {});
  let dropped = 0;
  const write = (line: string): void => {
    if (!stream.writable || waitingBytes(stream) > maxWaitingBytes) {
      dropped += 1;
      return;
    }
    if (dropped > 0) {
      const lines = dropped;
      dropped = 0;
      log.error({ lines }, 'log lines dropped');
    }
    stream.write(format === 'pretty' ? prettyLine(line, colour) : line);
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
    async flush() {
      if (!stream.writable) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const bound = clock.after(maxFlushMs, resolve);
      stream.write('', () => resolve());
      await promise;
      bound.clear();
    },
  };
}

function waitingBytes(stream: NodeJS.WritableStream): number {
  return 'writableLength' in stream && typeof stream.writableLength === 'number' ? stream.writableLength : 0;
}

/** Node's terminal streams know the terminal and heed NO_COLOR. */
function hasColour(stream: NodeJS.WritableStream): boolean {
  if (!('isTTY' in stream) || stream.isTTY !== true) return false;
  return !('hasColors' in stream) || typeof stream.hasColors !== 'function' || Boolean(stream.hasColors());
}
