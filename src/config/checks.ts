import type { Checked } from './checked.ts';
import type { ParsedConfig } from './schema.ts';

/** What no single setting can know: how they fit together. `parsed` is absent where the schema found errors. */
export function checkConfig(config: Checked, parsed: ParsedConfig | undefined): void {
  if (config.length(['sinks']) === 0 && parsed !== undefined)
    config.add(['sinks'], { code: 'no_sinks', message: 'there are no sinks' });
}
