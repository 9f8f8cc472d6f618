import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Bench } from './bench.ts';
import type { Mode } from './bench.ts';
import { accept, guardedModes, guardedRatios, judge, readAccepted, verdictText } from './guard.ts';
import type { Verdict } from './guard.ts';
import { describeMachine, versionOf } from './machine.ts';
import { modes } from './modes.ts';
import { foreignCores } from './process-usage.ts';
import { Receiver } from './receiver.ts';
import { sectionText } from './report.ts';
import { describeProgram } from './subjects/program.ts';
import { syslogNgVersion } from './subjects/syslog-ng.ts';
import { Workspace } from './workspace.ts';

const usage = `npm run bench -- [MODE…] [options]

${modes.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join('\n')}
  ${'all'.padEnd(14)} all of them
  ${'guard'.padEnd(14)} a short run; exit code 1 when a ratio is worse than the accepted one

Without a mode: backlog and latency, two rounds.

  --rounds N         interleaved rounds (default 5)
  --events N         how many events, instead of what the mode takes
  --fluent-bit PATH  measure this Fluent Bit too
  --out              append the results to bench/RESULTS.md
  --accept           with guard: make the ratios of this run the accepted ones
`;

interface Command {
  chosen: Mode[];
  guard: boolean;
  accept: boolean;
  out: boolean;
  rounds: number;
  events: number | undefined;
  fluentBit: string | undefined;
}

/** Exits with code 2 when it is not understood. */
function parseCommand(): Command {
  try {
    const { values, positionals } = parseArgs({
      options: {
        rounds: { type: 'string' },
        events: { type: 'string' },
        'fluent-bit': { type: 'string' },
        out: { type: 'boolean', default: false },
        accept: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const guard = positionals.includes('guard');
    if (guard && positionals.length > 1) throw new Error('guard goes alone');
    const fluentBit = values['fluent-bit'];
    if (fluentBit !== undefined && versionOf(fluentBit) === undefined)
      throw new Error(`--fluent-bit: ${fluentBit} cannot be started`);
    const usual = guard ? { rounds: 3, events: 30_000 } : { rounds: positionals.length === 0 ? 2 : 5 };
    return {
      chosen: choose(positionals),
      guard,
      accept: values.accept,
      out: values.out,
      rounds: whole('--rounds', values.rounds) ?? usual.rounds,
      events: whole('--events', values.events) ?? usual.events,
      fluentBit,
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

function whole(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${option} takes a whole number above 0`);
  return value;
}

function choose(names: readonly string[]): Mode[] {
  if (names.length === 0) return choose(['backlog', 'latency']);
  if (names.includes('all')) return [...modes];
  return (names[0] === 'guard' ? guardedModes : names).map((name) => {
    const mode = modes.find((candidate) => candidate.name === name);
    if (mode === undefined) throw new Error(`there is no mode ${name}`);
    return mode;
  });
}

const command = parseCommand();
const peers = [syslogNgVersion(), command.fluentBit === undefined ? undefined : versionOf(command.fluentBit)];
const heading = [
  `## ${new Date().toISOString().slice(0, 10)}`,
  '',
  `${describeMachine()}. auditsink as ${describeProgram()}. ` +
    `Peers: ${peers.filter((peer) => peer !== undefined).join(', ') || 'none'}. ` +
    `Rounds: ${command.rounds}, interleaved; each figure is a median (min–max).`,
  '',
].join('\n');
process.stdout.write(`${heading}\n`);
if (command.out) appendFileSync(new URL('RESULTS.md', import.meta.url), `\n${heading}`);

const verdicts: Verdict[] = [];
const workspace = new Workspace();
const receiver = await Receiver.start();
try {
  const accepted = readAccepted();
  const bench = new Bench({
    dir: workspace.dir,
    receiver,
    rounds: command.rounds,
    events: command.events,
    fluentBit: command.fluentBit,
    progress: (text) => process.stderr.write(`  ${text}\n`),
  });
  for (const mode of command.chosen) {
    const foreign = await foreignCores();
    const section = await mode.run(bench);
    if (foreign > 0.1)
      section.notes.push(
        `other programs kept ${foreign.toFixed(2)} cores busy before it began: measure again`,
      );
    const text = `### ${mode.name}: ${mode.about}\n\n${sectionText(section)}`;
    process.stdout.write(`${text}\n`);
    if (command.out) appendFileSync(new URL('RESULTS.md', import.meta.url), `\n${text}`);
    verdicts.push(...judge(guardedRatios(mode.name, section), accepted));
  }
} finally {
  receiver.stop();
  workspace[Symbol.dispose]();
}
if (command.guard) {
  process.stdout.write(`${verdicts.map(verdictText).join('\n')}\n`);
  if (command.accept) accept(verdicts);
  else if (verdicts.some(({ worse }) => worse)) process.exitCode = 1;
}
