export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Structured log: a stable `msg` in words and fields beside it. Never a secret, never a payload. */
export interface Logger {
  debug(fields: Record<string, unknown>, msg: string): void;
  info(fields: Record<string, unknown>, msg: string): void;
  warn(fields: Record<string, unknown>, msg: string): void;
  error(fields: Record<string, unknown>, msg: string): void;
}

const nothing = (): void => {};

/** For tests and commands that have nothing to log. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
