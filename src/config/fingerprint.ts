import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../core/errors.ts';

/** Hash of the content of all these files, and of the files of those that are folders; absence counts too. */
export function contentFingerprint(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of [...files].sort()) hash.update(`${file}\0${fileFingerprint(file)}\0`);
  return hash.digest('hex');
}

/** Hash of one file's content, or a word for why there is none. */
export function fileFingerprint(file: string): string {
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) {
      return contentFingerprint(
        readdirSync(file, { withFileTypes: true })
          .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
          .map((entry) => join(file, entry.name)),
      );
    }
    // Reading a pipe would block for ever.
    if (!stats.isFile()) return 'special';
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch (error) {
    return errnoOf(error) ?? 'unreadable';
  }
}
