import { AuditsinkError, errnoOf, messageOf } from '../core/errors.ts';

// Primary result codes of https://www.sqlite.org/rescode.html
const busy = 5;
const locked = 6;
const readOnly = 8;
const ioError = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const notADatabase = 26;

/** The primary SQLite result code of anything thrown by node:sqlite, or undefined. */
function sqliteCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

/** True for what may heal without us: disk full, read-only, I/O error, another process writing. */
export function isTransient(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== undefined && [busy, locked, readOnly, ioError, full, cannotOpen].includes(code);
}

/** Says in the operator's words what is wrong with the journal at `path` and what to do. */
export function journalError(error: unknown, path: string): AuditsinkError {
  if (error instanceof AuditsinkError) return error;
  const options = { cause: error };
  if (errnoOf(error) === 'ERR_INVALID_STATE')
    return new AuditsinkError('journal_io', `the journal ${path} is closed`, options);
  switch (sqliteCode(error)) {
    case corrupt:
      return new AuditsinkError(
        'journal_corrupt',
        `the journal ${path} is damaged (${messageOf(error)}); it is left as it is: move the state directory aside, or restore it from a backup`,
        options,
      );
    case notADatabase:
      return new AuditsinkError(
        'journal_corrupt',
        `${path} is not an auditsink journal; it is left as it is: choose another state_dir, or move the file aside`,
        options,
      );
    case full:
      return new AuditsinkError('journal_io', `the disk of ${path} is full`, options);
    case readOnly:
      return new AuditsinkError('journal_io', `the journal ${path} is read-only`, options);
    case cannotOpen:
      return new AuditsinkError(
        'state_dir',
        `the journal ${path} cannot be opened; check that the state directory exists and is writable by this user`,
        options,
      );
    default:
      return new AuditsinkError(
        'journal_io',
        `the journal ${path} cannot be used: ${messageOf(error)}`,
        options,
      );
  }
}
