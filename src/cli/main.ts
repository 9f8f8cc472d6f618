import { CommanderError } from 'commander';
import { AuditsinkError, errnoOf, exitCodeOf, messageOf } from '../core/errors.ts';
import type { Io } from './io.ts';
import { createProgram } from './program.ts';

/** Runs one command line. Resolves to the exit code; never throws. */
export async function main(io: Io): Promise<number> {
  let code = 0;
  const program = createProgram(io, (result) => {
    code = result;
  });
  // A reader that goes away (`| head`) is no failure, and must not end in a stack trace. It stays listened for:
  // the error of the last write comes when we are done.
  const onOutputError = (error: unknown): void => {
    if (errnoOf(error) !== 'EPIPE') throw error;
  };
  io.stdout.on('error', onOutputError);
  try {
    if (io.argv.length === 0) program.outputHelp();
    else await program.parseAsync(io.argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.stderr.write(describe(error));
    return exitCodeOf(error);
  }
}

/** What a person is told: for what they can mend the message alone, for a bug of ours the stack as well. */
function describe(error: unknown): string {
  if (error instanceof AuditsinkError) {
    // Problems of a config begin with their own file and line.
    return error.code === 'config' ? `${error.message}\n` : `auditsink: ${error.message}\n`;
  }
  const stack = error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error);
  return `auditsink: this is a bug in auditsink, please report it with these lines:\n${stack}\n`;
}
