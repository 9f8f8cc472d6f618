import type { Config } from '../config/config.ts';
import type { IncomingEvent } from '../core/event.ts';
import type { FormatSetting } from '../core/policy.ts';
import type { SinkPlan } from './sink-plan.ts';
import { decodeSample } from './test-send.ts';

/** The sources whose events a sink gets, in the order of the config. */
export function sourcesOf(plan: SinkPlan, config: Config): Config['sources'] {
  return config.sources.filter(({ name }) => plan.config.sources?.includes(name) ?? true);
}

/**
 * The event in a text that a person gives: a whole document, or the first line that holds one. Read as the sink's
 * sources would read it, then in any format. Undefined when there is none.
 */
export function givenEvent(text: string, plan: SinkPlan, config: Config): IncomingEvent | undefined {
  const sources = sourcesOf(plan, config);
  const readings: Array<readonly [source: string, format: FormatSetting]> = [
    ...sources.map(({ name, format }) => [name, format] as const),
    [sources[0]?.name ?? 'test', 'auto'],
  ];
  for (const candidate of [text, ...text.split('\n')]) {
    const trimmed = candidate.trim();
    if (trimmed === '') continue;
    for (const [source, format] of readings) {
      const incoming = decodeSample(trimmed, format, source);
      if (incoming !== undefined) return incoming;
    }
  }
  return undefined;
}
