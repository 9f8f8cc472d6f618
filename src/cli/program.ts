import { Argument, Command, Option } from 'commander';
import { signatureNames } from '../core/policy.ts';
import { version } from '../core/version.ts';
import type { Shell } from './commands/completion.ts';
import type { Io } from './io.ts';
import {
  collectTexts,
  parseCount,
  parseDurationMs,
  parseHeader,
  parsePort,
  parseStates,
  parseStatuses,
  parseTime,
} from './options.ts';

type Action<Options> = (io: Io, options: Options) => Promise<number>;

/**
 * Every command with its options. The code behind one is loaded when it is called, so that `healthcheck` and
 * `--help` start fast. `done` takes the exit code.
 */
export function createProgram(io: Io, done: (code: number) => void): Command {
  const program = new Command('auditsink')
    .description('Reads audit events from a log and delivers each one to the webhooks of a config file.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      getErrHelpWidth: () => io.stderr.columns ?? 80,
    })
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help to see what there is)');

  /** An action whose code is loaded on call. */
  const call =
    <Options>(load: () => Promise<Action<Options>>) =>
    async (options: Options): Promise<void> =>
      done(await (await load())(io, options));
  const command = (name: string, description: string): Command =>
    program.command(name).description(description).allowExcessArguments(false);
  const onConfig = (name: string, description: string): Command =>
    command(name, description).option('-c, --config <file>', 'config file', 'config.yaml');
  const now = (): number => Date.now();

  onConfig('run', 'run the daemon')
    .option('--no-watch', 'do not reload when the config or a template changes')
    .action(call(async () => (await import('./commands/run.ts')).run));

  onConfig('check', 'validate the config and render every sample event; print all problems')
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action(call(async () => (await import('./commands/check.ts')).check));

  onConfig('render', 'print the request a sink would make; sends nothing')
    .requiredOption('--sink <name>', 'the sink')
    .option('--event <file>', 'an event as its sender writes it; - reads standard input')
    .option('--all', 'every sample event that passes the filter')
    .option('--watch', 'render again whenever the config or a template is saved')
    .option('--json', 'print JSON')
    .action(call(async () => (await import('./commands/render.ts')).render));

  onConfig('test', 'send one marked event to a sink now; print request, response and verdict')
    .requiredOption('--sink <name>', 'the sink')
    .option('--event <file>', 'an event as its sender writes it; - reads standard input')
    .option('--json', 'print JSON')
    .action(call(async () => (await import('./commands/test.ts')).test));

  onConfig('sinks', 'show each sink with state, backlog, last success and last error')
    .option('--json', 'print JSON')
    .action(call(async () => (await import('./commands/sinks.ts')).sinks));

  onConfig('deliveries', 'show what became of events, newest first; with --id, one event in full')
    .option('--sink <name>', 'of one sink only')
    .option('--state <states>', 'pending, retrying, delivered or dead, comma separated', parseStates)
    .option('--since <time>', 'accepted since: 1h (an hour ago) or an RFC 3339 time', parseTime(now))
    .option('--until <time>', 'accepted before', parseTime(now))
    .option('--id <event>', 'explain this event')
    .option('--limit <n>', 'at most so many', parseCount, 50)
    .option('--follow', 'go on and print what is settled from now on')
    .option('--json', 'print JSON, one delivery per line')
    .action(call(async () => (await import('./commands/deliveries.ts')).deliveries));

  onConfig('replay', 'owe a sink events again')
    .requiredOption('--sink <name>', 'the sink')
    .option('--dead', 'its dead deliveries')
    .option('--since <time>', 'accepted since: 1h (an hour ago) or an RFC 3339 time', parseTime(now))
    .option('--until <time>', 'accepted before', parseTime(now))
    .option('--id <event>', 'this event; may be given more than once', collectTexts)
    .option('--dry-run', 'only count')
    .option('--json', 'print JSON')
    .action(call(async () => (await import('./commands/replay.ts')).replay));

  onConfig('pause', 'hold the deliveries of a sink; events are kept for it')
    .requiredOption('--sink <name>', 'the sink')
    .action(call(async () => (await import('./commands/pause.ts')).pause));

  onConfig('resume', 'let a paused sink go on')
    .requiredOption('--sink <name>', 'the sink')
    .action(call(async () => (await import('./commands/pause.ts')).resume));

  command('listen', 'receive webhooks here: print, verify and answer them')
    .option('--port <n>', 'port; 0 takes a free one', parsePort, 9480)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(new Option('--signature <scheme>', 'verify signatures').choices(signatureNames))
    .option('--secret <text>', 'signing secret; may be given more than once', collectTexts)
    .option('--tolerance <duration>', 'how far a signed timestamp may be off', parseDurationMs)
    .option('--status <codes>', 'answer with these in turn, the last one from then on', parseStatuses, [200])
    .option('--fail-first <n>', 'answer the first n requests with 503', parseCount, 0)
    .option('--delay <duration>', 'wait before each answer', parseDurationMs, 0)
    .option('--body <text>', 'body of the answers', 'ok')
    .option("--header <'Name: value'>", 'header of the answers; may be given more than once', parseHeader)
    .addOption(new Option('--hang', 'never answer').conflicts(['reset', 'endless']))
    .addOption(new Option('--reset', 'reset the connection instead of answering').conflicts(['endless']))
    .option('--endless', 'answer with a body that does not end')
    .option('--count <n>', 'end after so many requests', parseCount)
    .option('--quiet', 'one line per request')
    .option('--json', 'print one JSON object per request')
    .action(call(async () => (await import('./commands/listen.ts')).listen));

  command('verify', 'check the signature of one request')
    .addOption(new Option('--signature <scheme>', 'scheme').choices(signatureNames).makeOptionMandatory())
    .requiredOption('--secret <text>', 'signing secret; may be given more than once', collectTexts)
    .requiredOption('--body <file>', 'the body, byte for byte; - reads standard input')
    .requiredOption("--header <'Name: value'>", 'header; may be given more than once', parseHeader)
    .option('--tolerance <duration>', 'how far a signed timestamp may be off', parseDurationMs)
    .action(call(async () => (await import('./commands/verify.ts')).verify));

  command('secret', 'make a strong signing secret')
    .addOption(new Option('--signature <scheme>', 'in the form of this scheme').choices(signatureNames))
    .action(call(async () => (await import('./commands/secret.ts')).secret));

  command('import-flipt', "turn Flipt's audit config, Go templates included, into a config of ours")
    .argument('<file>', "Flipt's config file; - reads standard input")
    .option('-o, --output <file>', 'write it there, to a new file')
    .action(async (file: string, options: { output?: string }) => {
      const { importFliptConfig } = await import('./commands/import-flipt.ts');
      done(await importFliptConfig(io, { file, ...options }));
    });

  command('schema', 'print the JSON Schema of the config, for editors').action(
    call(async () => (await import('./commands/schema.ts')).schema),
  );

  onConfig('healthcheck', 'ask a running daemon whether it is well; exit code 0 or 1')
    .option('--url <url>', 'ask here instead of the configured admin address')
    .option('--ready', 'ask whether it reads and can write, not only whether it is alive')
    .option('--timeout <duration>', 'how long to wait for the answer', parseDurationMs, 5000)
    .action(call(async () => (await import('./commands/healthcheck.ts')).healthcheck));

  command('demo', 'see it work: daemon, receiver and sample events together')
    .option('--events <n>', 'end after so many events', parseCount)
    .option('--interval <duration>', 'time between two events', parseDurationMs, 1000)
    .option('--port <n>', 'port of the receiver; 0 takes a free one', parsePort, 0)
    .action(call(async () => (await import('./commands/demo.ts')).demo));

  command('completion', 'print a completion script for your shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: Shell) => {
      const { completion } = await import('./commands/completion.ts');
      done(await completion(io, { shell, program }));
    });

  return program;
}
