import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AuditsinkError, messageOf } from '../core/errors.ts';

/**
 * Makes the state directory (0700) and takes it for this process. The lock is SQLite's own file lock on an
 * otherwise empty database: Node has no flock, the kernel releases this one however the process ends, and a
 * stale file from a crash means nothing. Throws AuditsinkError `state_dir` or `state_locked`.
 */
export function lockStateDir(stateDir: string): Disposable {
  let db: DatabaseSync;
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    db = new DatabaseSync(join(stateDir, 'lock'), { timeout: 0 });
    chmodSync(join(stateDir, 'lock'), 0o600);
  } catch (error) {
    throw new AuditsinkError(
      'state_dir',
      `the state directory ${stateDir} cannot be used: ${messageOf(error)}; it must be a directory this user may write`,
      { cause: error },
    );
  }
  try {
    // No rollback journal: the file never holds anything, and a read-only leftover would only be in the way.
    db.exec('PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    const taken = messageOf(error).includes('locked');
    throw new AuditsinkError(
      taken ? 'state_locked' : 'state_dir',
      taken
        ? `another auditsink already runs on the state directory ${stateDir}; stop it, or give this one its own state_dir`
        : `the state directory ${stateDir} cannot be locked: ${messageOf(error)}`,
      { cause: error },
    );
  }
  return { [Symbol.dispose]: () => db.close() };
}
