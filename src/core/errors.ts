/** Everything that can go wrong on the operator's side, by what they have to do about it. */
export type ErrorCode =
  | 'config' // the config or a template is wrong: exit 78
  | 'usage' // the command line is wrong: exit 2
  | 'state_dir' // the state directory cannot be used
  | 'state_locked' // another instance owns the state directory
  | 'journal_corrupt'
  | 'journal_newer' // written by a later version
  | 'journal_io' // disk full, read-only, I/O error: may heal
  | 'listen' // an address cannot be listened on
  | 'failed'; // anything else that ends a command

export class AuditsinkError extends Error {
  readonly code: ErrorCode;

  /** `message` says what failed, on which thing, and what to do; it never holds a secret or a payload. */
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AuditsinkError';
    this.code = code;
  }
}

/** Exit codes of the outside contract: 1 failed while running, 2 wrong usage, 78 wrong config (EX_CONFIG). */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof AuditsinkError)) return 1;
  if (error.code === 'usage') return 2;
  if (error.code === 'config') return 78;
  return 1;
}

/** The message of anything thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node system error (`ENOENT`, …), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
