import { configError, loadPlans } from '../app/load.ts';
import type { SinkPlan } from '../app/sink-plan.ts';
import type { Config } from '../config/config.ts';
import { systemClock } from '../core/clock.ts';
import { AuditsinkError } from '../core/errors.ts';
import { suggest } from '../core/suggest.ts';
import type { Io } from './io.ts';

export interface LoadedConfig {
  config: Config;
  plans: SinkPlan[];
  files: string[];
}

/** The config of `-c`, ready for work. Throws AuditsinkError('config') with all problems. */
export async function requireConfig(io: Io, file: string): Promise<LoadedConfig> {
  const loaded = await loadPlans(file, io.env, systemClock);
  if (!loaded.ok) throw configError(loaded.problems);
  return loaded;
}

/** The sink of `--sink`. Throws AuditsinkError('usage') when the config has none of that name. */
export function requireSink({ plans }: LoadedConfig, name: string): SinkPlan {
  const plan = plans.find(({ config }) => config.name === name);
  if (plan !== undefined) return plan;
  const names = plans.map(({ config }) => config.name);
  const near = suggest(name, names);
  const hint = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`;
  throw new AuditsinkError('usage', `the config has no sink ${JSON.stringify(name)}: ${hint}`);
}
