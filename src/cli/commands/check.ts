import { checkSamples } from '../../app/check-samples.ts';
import { loadPlans } from '../../app/load.ts';
import { systemClock } from '../../core/clock.ts';
import { formatProblem } from '../../core/problem.ts';
import type { Io } from '../io.ts';
import { counted } from '../plural.ts';
import { Progress } from '../progress.ts';
import { paintFor } from '../style.ts';

/** Says everything that is wrong with a config and its templates: 0 when it can be run, 78 when not. */
export async function check(io: Io, options: { config: string; format: 'text' | 'json' }): Promise<number> {
  const { config: file, format } = options;
  const loaded = await loadPlans(file, io.env, systemClock);
  const progress = new Progress(io);
  const found = loaded.ok
    ? checkSamples(loaded.config, loaded.plans, (name) => progress.show(`checking ${name} …`))
    : [];
  progress.clear();
  const problems = [...loaded.problems, ...found];
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  const sizes = loaded.ok
    ? { sources: loaded.config.sources.length, sinks: loaded.config.sinks.length }
    : undefined;
  if (format === 'json') {
    io.stdout.write(
      `${JSON.stringify({ ok: errors === 0, file, ...sizes, errors, warnings, problems }, null, 2)}\n`,
    );
  } else {
    const paint = paintFor(io.stdout, io.env);
    for (const problem of problems) io.stdout.write(`${formatProblem(problem)}\n\n`);
    const counts = [
      ...(errors > 0 ? [counted(errors, 'error')] : []),
      ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
    ];
    const contents =
      sizes === undefined ? [] : [counted(sizes.sources, 'source'), counted(sizes.sinks, 'sink')];
    const verdict =
      errors > 0
        ? paint('red', counts.join(', '))
        : [paint('green', 'ok'), ...counts, ...contents].join(', ');
    io.stdout.write(`${file}: ${verdict}\n`);
  }
  return errors === 0 ? 0 : 78;
}
