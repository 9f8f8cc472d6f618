import type { Command } from 'commander';
import type { Io } from '../io.ts';

interface Completable {
  name: string;
  description: string;
  /** What its argument may be. */
  words: readonly string[];
  /** Its argument is a file. */
  takesFile: boolean;
  options: CompletableOption[];
}

interface CompletableOption {
  flag: string;
  short: string | undefined;
  description: string;
  takesValue: boolean;
  takesFile: boolean;
  choices: readonly string[];
}

const shells = { bash, zsh, fish };
export type Shell = keyof typeof shells;

/** Prints a script that completes commands, options and their values in a shell. */
// oxlint-disable-next-line require-await -- every command is asynchronous by contract
export async function completion(io: Io, options: { shell: Shell; program: Command }): Promise<number> {
  io.stdout.write(shells[options.shell](commandsOf(options.program)));
  return 0;
}

function commandsOf(program: Command): Completable[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    words: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
    takesFile: command.registeredArguments.some((argument) => argument.name() === 'file'),
    options: [
      ...command.options.map((option) => ({
        flag: option.long ?? option.short ?? '',
        short: option.long === undefined ? undefined : option.short,
        description: option.description,
        takesValue: option.required || option.optional,
        takesFile: /<file>/.test(option.flags),
        choices: option.argChoices ?? [],
      })),
      {
        flag: '--help',
        short: '-h',
        description: 'display help for command',
        takesValue: false,
        takesFile: false,
        choices: [],
      },
    ],
  }));
}

function offers({ words, options }: Completable): string {
  return [...words, ...options.map(({ flag }) => flag)].join(' ');
}

/** Flags whose value is one of a few words, over all commands. */
function choicesOf(commands: readonly Completable[]): Array<readonly [flag: string, words: string]> {
  const all = commands.flatMap(({ options }) => options).filter(({ choices }) => choices.length > 0);
  return [...new Map(all.map(({ flag, choices }) => [flag, choices.join(' ')]))];
}

function bash(commands: readonly Completable[]): string {
  const choices = choicesOf(commands).map(
    ([flag, words]) => `    ${flag}) COMPREPLY=($(compgen -W "${words}" -- "$word")); return ;;`,
  );
  const flags = commands.map((command) => `    ${command.name}) flags="${offers(command)}" ;;`);
  return `# bash completion for auditsink: source <(auditsink completion bash)
_auditsink() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" flags=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} --help --version" -- "$word"))
    return
  fi
  case "$before" in
    -c|--config|--event|--body|-o|--output) COMPREPLY=($(compgen -f -- "$word")); return ;;
${choices.join('\n')}
  esac
  case "\${COMP_WORDS[1]}" in
${flags.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$flags" -- "$word"))
}
complete -o default -F _auditsink auditsink
`;
}

function zsh(commands: readonly Completable[]): string {
  const names = commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`);
  const cases = commands.map((command) => {
    const specs = command.options.flatMap((option) => {
      const rest = `[${option.description.replaceAll(/[[\]:]/g, ' ')}]${zshValue(option)}`;
      return [option.flag, option.short].flatMap((name) =>
        name === undefined ? [] : quoted(`*${name}${rest}`),
      );
    });
    if (command.takesFile) specs.push(quoted('1:file:_files'));
    if (command.words.length > 0) specs.push(quoted(`1:word:(${command.words.join(' ')})`));
    return `    ${command.name}) _arguments ${specs.join(' ')} ;;`;
  });
  return `#compdef auditsink
# zsh completion for auditsink: auditsink completion zsh > "\${fpath[1]}/_auditsink"
_auditsink() {
  local -a commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$name" in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _auditsink ]; then _auditsink; else compdef _auditsink auditsink; fi
`;
}

function zshValue({ takesValue, takesFile, choices }: CompletableOption): string {
  if (takesFile) return ':file:_files';
  if (choices.length > 0) return `:value:(${choices.join(' ')})`;
  return takesValue ? ':value: ' : '';
}

function fish(commands: readonly Completable[]): string {
  const lines = commands.flatMap(({ name, description, words, options }) => [
    `complete -c auditsink -n __fish_use_subcommand -f -a ${name} -d ${quoted(description)}`,
    ...(words.length === 0
      ? []
      : [`complete -c auditsink -n '__fish_seen_subcommand_from ${name}' -f -a ${quoted(words.join(' '))}`]),
    ...options.map(({ flag, short, description: about, takesValue, takesFile, choices }) => {
      const offer = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -x' : '';
      const value = (short === undefined ? '' : ` -s ${short.slice(1)}`) + (takesFile ? ' -r -F' : offer);
      const seen = `__fish_seen_subcommand_from ${name}`;
      return `complete -c auditsink -n '${seen}' -l ${flag.replace(/^--/, '')}${value} -d ${quoted(about)}`;
    }),
  ]);
  return `# fish completion for auditsink: auditsink completion fish > ~/.config/fish/completions/auditsink.fish
${lines.join('\n')}
`;
}

/** In single quotes; no description holds a backslash. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
