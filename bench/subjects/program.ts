import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { memoryOption } from '../../src/cli/restart.ts';
import { MeasuredProcess } from '../measured-process.ts';

const root = join(import.meta.dirname, '../..');

/** One form auditsink can be started in. */
export interface Program {
  name: string;
  file: string;
  /** Of Node. */
  options?: readonly string[];
  /** Keeps what Node compiled from one start to the next. */
  compileCache?: string;
}

const forms: readonly Program[] = [
  { name: 'dist/cli.js', file: join(root, 'dist/cli.js') },
  { name: 'src/cli.ts', file: join(root, 'src/cli.ts') },
  {
    name: 'the bundle as the image starts it',
    file: join(root, 'build/auditsink/dist/cli.mjs'),
    options: [memoryOption],
    compileCache: join(root, 'build/compile-cache'),
  },
];

/** Every form that is there; the first is the one that is measured. */
export function programs(): Program[] {
  return forms.filter(({ file }) => existsSync(file));
}

/** Which form is measured, in words; says so when it was built from older sources. */
export function describeProgram(): string {
  const [program] = programs() as [Program];
  const built = statSync(program.file).mtimeMs;
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const isStale = sources.some(
    (path) => path.endsWith('.ts') && statSync(join(root, 'src', path)).mtimeMs > built,
  );
  return isStale ? `${program.name} (OLDER than src: npm run build)` : program.name;
}

/** The daemon on a config file. */
export function startDaemon(config: string, program = programs()[0] as Program): MeasuredProcess {
  const { file, options = [], compileCache } = program;
  const env = compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache };
  return new MeasuredProcess(process.execPath, [...options, file, 'run', '--no-watch', '-c', config], env);
}

/** One of the programs beside this folder's `processes`. */
export function startHelper(name: string, args: ReadonlyArray<string | number> = []): MeasuredProcess {
  return new MeasuredProcess(process.execPath, [join(root, 'bench/processes', name), ...args.map(String)]);
}

/** A file of the project, as `templates/slack.hbs`. */
export function projectFile(path: string): string {
  return join(root, path);
}
