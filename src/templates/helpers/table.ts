import type { Clock } from '../../core/clock.ts';
import { internals } from '../handlebars.ts';
import { bindHelper } from '../helper.ts';
import type { HelperSpec } from '../helper.ts';
import { dataHelpers } from './data.ts';
import { logicHelpers } from './logic.ts';
import { textHelpers } from './text.ts';

/** Every helper that can be written inside an expression. A new one is one line here. */
export const helperSpecs: Readonly<Record<string, HelperSpec>> = {
  ...dataHelpers,
  ...logicHelpers,
  ...textHelpers,
};

/** Handlebars' own block helpers, and the arguments each takes. */
export const blockHelpers: Readonly<Record<string, { min: number; max: number; named: readonly string[] }>> =
  {
    if: { min: 1, max: 1, named: ['includeZero'] },
    unless: { min: 1, max: 1, named: ['includeZero'] },
    each: { min: 1, max: 1, named: [] },
    with: { min: 1, max: 1, named: [] },
  };

/** The functions Handlebars calls, by name. */
export function helperTable(clock: Clock): Record<string, unknown> {
  const table: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(helperSpecs)) table[name] = bindHelper(spec, clock);
  for (const name of Object.keys(blockHelpers)) table[name] = internals.helpers[name];
  return table;
}
