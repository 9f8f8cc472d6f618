import { readFile } from 'node:fs/promises';
import { glob } from 'node:fs/promises';

export interface LoggedMessage {
  level: string;
  msg: string;
  file: string;
}

/** Every message that a call of a logger in src/ names in its text; a call that passes a variable on is none. */
export async function loggedMessages(): Promise<LoggedMessage[]> {
  const root = new URL('../../src/', import.meta.url);
  const found: LoggedMessage[] = [];
  for await (const file of glob('**/*.ts', { cwd: root.pathname })) {
    const text = await readFile(new URL(file, root), 'utf8');
    for (const match of text.matchAll(/\b(?:logger|log)\.(debug|info|warn|error)\(/g)) {
      const [, second = ''] = argumentsFrom(text, match.index + match[0].length);
      for (const [, msg = ''] of second.matchAll(/'((?:[^'\\]|\\.)*)'/g)) {
        found.push({ level: match[1] ?? '', msg: msg.replaceAll("\\'", "'"), file });
      }
    }
  }
  return found;
}

/** The arguments of a call whose opening bracket is just before `start`. */
function argumentsFrom(text: string, start: number): string[] {
  const found = [''];
  let depth = 0;
  let quote = '';
  for (let i = start; i < text.length; i += 1) {
    const char = text[i] ?? '';
    if (quote !== '') {
      if (char === quote && text[i - 1] !== '\\') quote = '';
    } else if (`'"\``.includes(char)) quote = char;
    else if ('([{'.includes(char)) depth += 1;
    else if (')]}'.includes(char)) {
      if (depth === 0) return found;
      depth -= 1;
    } else if (char === ',' && depth === 0) {
      found.push('');
      continue;
    }
    found[found.length - 1] += char;
  }
  throw new Error('a call that never ends');
}
