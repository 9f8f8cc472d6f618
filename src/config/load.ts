import { dirname, join, resolve } from 'node:path';
import type { Problem } from '../core/problem.ts';
import { Checked } from './checked.ts';
import { checkConfig } from './checks.ts';
import type { Config } from './config.ts';
import { FileReader } from './files.ts';
import type { Lookup } from './interpolate.ts';
import { reportIssues } from './issues.ts';
import { toConfig } from './mapper.ts';
import { Report } from './report.ts';
import { readResources } from './resources.ts';
import { configSchema } from './schema.ts';
import { parseYaml } from './syntax.ts';
import { Tree } from './tree.ts';

/** `problems` of a config that can be used are warnings; `files` is everything it was made of, for watching. */
export type Loaded =
  | { config: Config; problems: Problem[]; files: string[] }
  | { config: null; problems: Problem[]; files: string[] };

/**
 * Reads and validates a config file with everything it names. What the user did wrong comes back as problems,
 * all at once; nothing is thrown for it.
 */
// oxlint-disable-next-line require-await -- asynchronous by contract; the files are small and read in one go
export async function loadConfig(file: string, env: NodeJS.ProcessEnv): Promise<Loaded> {
  const files = new FileReader();
  const read = files.read(resolve(file));
  const watched = (): string[] => [...files.files, join(dirname(resolve(file)), 'templates', 'partials')];
  if (!read.ok) {
    const report = new Report(file, '');
    report.add(null, {
      code: 'unreadable_config',
      message: `cannot read the config: ${read.reason}`,
      hint: 'name it with `-c path/to/config.yaml`',
    });
    return { config: null, problems: report.problems(), files: watched() };
  }

  const report = new Report(file, read.text);
  const config = examine(read.text, report, files, env);
  return config === null || report.hasErrors
    ? { config: null, problems: report.problems(), files: watched() }
    : { config, problems: report.problems(), files: watched() };
}

function examine(text: string, report: Report, files: FileReader, env: NodeJS.ProcessEnv): Config | null {
  const document = parseYaml(text, report);
  // Values of a file whose syntax is broken are guesses; more complaints would only hide the cause.
  if (report.hasErrors) return null;
  const tree = new Tree(document, text, report, lookup(report.file, files, env));
  if (tree.value === undefined) {
    report.add(null, {
      code: 'empty_config',
      message: 'the config is empty',
      hint: 'it needs at least `sources:` and `sinks:`; see config.example.yaml',
    });
    return null;
  }
  const checked = new Checked(tree, report, files);
  const parsed = configSchema.safeParse(tree.value);
  if (!parsed.success) reportIssues(parsed.error.issues, checked);
  const resources = Array.from({ length: checked.length(['sinks']) }, (_, i) =>
    readResources(checked, ['sinks', i]),
  );
  checkConfig(checked);
  return parsed.success ? toConfig(parsed.data, report.file, resources) : null;
}

function lookup(file: string, files: FileReader, env: NodeJS.ProcessEnv): Lookup {
  return {
    env: (name) => env[name],
    file: (path) => {
      const read = files.read(resolve(dirname(file), path));
      return read.ok ? { ok: true, text: read.text.trimEnd() } : read;
    },
  };
}
