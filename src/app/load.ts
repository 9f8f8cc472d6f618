import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { Clock } from '../core/clock.ts';
import { AuditsinkError } from '../core/errors.ts';
import { formatProblem } from '../core/problem.ts';
import type { Problem } from '../core/problem.ts';
import { planContext, planSink } from './sink-plan.ts';
import type { SinkPlan } from './sink-plan.ts';

/** A config with everything it names made ready, or all that is wrong with it; warnings either way. */
export type LoadedPlans =
  | { ok: true; config: Config; plans: SinkPlan[]; problems: Problem[]; files: string[] }
  | { ok: false; problems: Problem[]; files: string[] };

/** Reads a config file and compiles its templates. What a user did wrong is in `problems`, never thrown. */
export async function loadPlans(file: string, env: NodeJS.ProcessEnv, clock: Clock): Promise<LoadedPlans> {
  const { config, problems, files } = await loadConfig(file, env);
  if (config === null) return { ok: false, problems, files };
  const context = planContext(config, clock);
  const plans: SinkPlan[] = [];
  const found = [...problems];
  for (const sink of config.sinks) {
    const planned = planSink(sink, context);
    if (planned.ok) plans.push(planned.plan);
    else found.push(...planned.problems);
  }
  if (plans.length < config.sinks.length) return { ok: false, problems: found, files };
  return { ok: true, config, plans, problems: found, files };
}

/** All problems as an error for the command line: exit 78. */
export function configError(problems: readonly Problem[]): AuditsinkError {
  return new AuditsinkError('config', problems.map(formatProblem).join('\n\n'));
}
