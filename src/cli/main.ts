import { Command, CommanderError } from 'commander';
import { exitCodeOf, messageOf } from '../core/errors.ts';
import { version } from '../core/version.ts';
import { run } from './commands/run.ts';
import type { Io } from './io.ts';

/** Runs one command line. Resolves to the exit code; never throws. */
export async function main(io: Io): Promise<number> {
  let code = 0;
  const done = (result: number): void => {
    code = result;
  };
  const program = createProgram(io, done);
  try {
    await program.parseAsync(io.argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.stderr.write(`auditsink: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}

function createProgram(io: Io, done: (code: number) => void): Command {
  const program = new Command('auditsink')
    .description('Tails an audit log and delivers every event to webhooks.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  program
    .command('run')
    .description('run the daemon')
    .option('-c, --config <file>', 'config file', 'config.yaml')
    .option('--no-watch', 'do not reload when the config or a template changes')
    .action(async (options: { config: string; watch: boolean }) => done(await run(io, options)));
  return program;
}
