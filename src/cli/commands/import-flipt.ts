import { writeFile } from 'node:fs/promises';
import { importFlipt } from '../../config/import-flipt.ts';
import { AuditsinkError, errnoOf, messageOf } from '../../core/errors.ts';
import { formatProblem } from '../../core/problem.ts';
import type { Io } from '../io.ts';
import { readInput } from '../read-input.ts';

/**
 * Turns the audit part of a Flipt config into a config of ours, with notes on stderr of what a person should look
 * at: 0 when there is one, 78 when nothing could be taken over.
 */
export async function importFliptConfig(io: Io, options: { file: string; output?: string }): Promise<number> {
  const { file, output } = options;
  const { yaml, notes } = importFlipt((await readInput(io, file)).toString(), file);
  for (const note of notes) io.stderr.write(`${formatProblem(note)}\n\n`);
  if (yaml === null) return 78;
  if (output === undefined) {
    io.stdout.write(yaml);
    return 0;
  }
  await writeNew(output, yaml);
  io.stderr.write(`${output} is written; see \`auditsink check -c ${output}\`\n`);
  return 0;
}

/** Flipt's signing secrets are part of it, so nobody else may read it. */
async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const reason = errnoOf(error) === 'EEXIST' ? 'it is there already; name another file' : messageOf(error);
    throw new AuditsinkError('usage', `cannot write ${file}: ${reason}`, { cause: error });
  }
}
