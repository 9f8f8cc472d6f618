import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../core/errors.ts';

/** The text of one partial and the file it came from. */
export interface Partial {
  file: string;
  text: string;
}

/**
 * Reads every `*.hbs` of a folder: `actor.hbs` is `{{> actor}}`. One line break at the end of a file is no part
 * of the partial. A folder that does not exist holds no partials; other errors are thrown.
 */
export function loadPartials(dir: string): Map<string, Partial> {
  const partials = new Map<string, Partial>();
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return partials;
    throw error;
  }
  for (const name of names.toSorted()) {
    if (!name.endsWith('.hbs')) continue;
    const file = join(dir, name);
    partials.set(name.slice(0, -'.hbs'.length), {
      file,
      text: readFileSync(file, 'utf8').replace(/\r?\n$/, ''),
    });
  }
  return partials;
}
