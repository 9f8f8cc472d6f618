import type { Config } from '../config/config.ts';
import type { IncomingEvent } from '../core/event.ts';
import { compileFilter } from '../core/filter.ts';
import { redecode } from '../core/formats/decoder.ts';
import type { Problem } from '../core/problem.ts';
import { sampleTexts, type Sample } from '../core/samples.ts';
import { checkTemplate } from '../templates/check.ts';
import { sourcesOf } from './given-event.ts';
import { placeProblem } from './sink-plan.ts';
import type { SinkPlan } from './sink-plan.ts';

/** Renders every sample event that a sink could get, and says at its place what goes wrong. */
export function checkSamples(
  config: Config,
  plans: readonly SinkPlan[],
  onSink: (name: string) => void = () => {},
): Problem[] {
  return plans.flatMap((plan) => {
    onSink(plan.config.name);
    const { template } = plan;
    const { body } = plan.config;
    if (template === null || body === null) return [];
    const events = samplesOf(plan, config).map(({ event }) => event);
    return checkTemplate(template, events).map((problem) => placeProblem(problem, body, config.file));
  });
}

/**
 * The samples in the formats of the sink's sources that pass its filter. Samples know nothing of the operator's
 * own names, so where `match` lets none through, it is left aside.
 */
export function samplesOf(plan: SinkPlan, config: Config): IncomingEvent[] {
  const events = sourcesOf(plan, config).flatMap((source) =>
    sampleTexts
      .filter(({ format }) => source.format === 'auto' || source.format === format)
      .map((sample) => incomingOf(sample, source.name)),
  );
  const wanted = events.filter(({ event }) => plan.wants(event));
  if (wanted.length > 0) return wanted;
  const wants = compileFilter({ ...plan.config, match: {} });
  return events.filter(({ event }) => wants(event));
}

function incomingOf({ name, format, text }: Sample, source: string): IncomingEvent {
  return { event: redecode(source, name, format, text), format, text };
}
