import type { Clock } from '../../core/clock.ts';
import { internals } from '../handlebars.ts';
import type { BoundHelper } from '../runtime.ts';
import { bindHelper } from '../helper.ts';
import type { HelperSpec } from '../helper.ts';
import { changeHelpers } from './changes.ts';
import { dataHelpers } from './data.ts';
import { dateHelpers } from './date.ts';
import { letBlock } from './let.ts';
import { logicHelpers } from './logic.ts';
import { slackHelpers } from './slack.ts';
import { textHelpers } from './text.ts';

/** Every helper that can be written inside an expression. A new one is one line here. */
export const helperSpecs: Readonly<Record<string, HelperSpec>> = {
  ...dataHelpers,
  ...logicHelpers,
  ...textHelpers,
  ...dateHelpers,
  ...slackHelpers,
  ...changeHelpers,
};

/** The block helpers, and the arguments each takes; `named: 'any'` takes any name. All but `let` are Handlebars' own. */
export const blockHelpers: Readonly<Record<string, BlockSpec>> = {
  if: { usage: '#if value', min: 1, max: 1, named: ['includeZero'] },
  unless: { usage: '#unless value', min: 1, max: 1, named: ['includeZero'] },
  each: { usage: '#each list', min: 1, max: 1 },
  with: { usage: '#with object', min: 1, max: 1 },
  let: { usage: '#let name=value …', min: 0, max: 0, named: 'any' },
};

export interface BlockSpec {
  usage: string;
  min: number;
  max: number;
  named?: readonly string[] | 'any';
}

/** The functions compiled code calls, by name. */
export function boundHelpers(clock: Clock): Record<string, BoundHelper> {
  return Object.fromEntries(
    Object.entries(helperSpecs).map(([name, spec]) => [name, bindHelper(spec, clock)]),
  );
}

/** The functions Handlebars itself calls, by name. */
export function blockFunctions(): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(blockHelpers).map((name) => [name, internals.helpers[name] ?? letBlock]),
  );
}
