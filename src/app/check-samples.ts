import type { Config } from '../config/config.ts';
import type { AuditEvent } from '../core/event.ts';
import { compileFilter } from '../core/filter.ts';
import { redecode } from '../core/formats/decoder.ts';
import type { Problem } from '../core/problem.ts';
import { sampleTexts } from '../core/samples.ts';
import { checkTemplate } from '../templates/check.ts';
import { placeProblem } from './sink-plan.ts';
import type { SinkPlan } from './sink-plan.ts';

/** Renders every sample event that a sink could get, and says at its place what goes wrong. */
export function checkSamples(config: Config, plans: readonly SinkPlan[]): Problem[] {
  return plans.flatMap((plan) => {
    const { template } = plan;
    const { body } = plan.config;
    if (template === null || body === null) return [];
    return checkTemplate(template, samplesOf(plan, config)).map((problem) =>
      placeProblem(problem, body, config.file),
    );
  });
}

/**
 * The samples in the formats of the sink's sources that pass its filter. Samples know nothing of the operator's
 * own names, so where `match` lets none through, it is left aside.
 */
export function samplesOf(plan: SinkPlan, config: Config): AuditEvent[] {
  const events = config.sources
    .filter(({ name }) => plan.config.sources?.includes(name) ?? true)
    .flatMap((source) =>
      sampleTexts
        .filter(({ format }) => source.format === 'auto' || source.format === format)
        .map(({ name, format, text }) => redecode(source.name, name, format, text)),
    );
  // Two sources of one format differ in nothing a template could stumble over but their name.
  const wanted = events.filter((event) => plan.wants(event));
  return wanted.length > 0 ? wanted : events.filter(compileFilter({ ...plan.config, match: {} }));
}
