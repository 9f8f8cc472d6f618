import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MeasuredProcess } from '../measured-process.ts';

const root = join(import.meta.dirname, '../..');

/** One form auditsink can be started in. */
export interface Program {
  name: string;
  file: string;
}

const forms: readonly Program[] = [
  { name: 'dist/cli.js', file: join(root, 'dist/cli.js') },
  { name: 'src/cli.ts', file: join(root, 'src/cli.ts') },
  { name: 'one bundled file', file: join(root, 'build/auditsink/dist/cli.mjs') },
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
  return new MeasuredProcess(process.execPath, [program.file, 'run', '--no-watch', '-c', config]);
}

/** One of the programs beside this folder's `processes`. */
export function startHelper(name: string, args: ReadonlyArray<string | number> = []): MeasuredProcess {
  return new MeasuredProcess(process.execPath, [join(root, 'bench/processes', name), ...args.map(String)]);
}

/** A file of the project, as `templates/slack.hbs`. */
export function projectFile(path: string): string {
  return join(root, path);
}
