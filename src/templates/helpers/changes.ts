import { readPath } from '../../core/path.ts';
import { plainText } from '../escape.ts';
import type { HelperSpec } from '../helper.ts';
import { typeName } from '../helper.ts';
import { truncate } from './text.ts';

const defaultMax = 10;
const maxValueLength = 80;

/** A value in a list of changes: short, and never nothing. */
function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (value === '') return 'empty';
  return truncate(plainText(value), maxValueLength);
}

/** `enabled: false → true` for each change, as many as `max`, and how many more there are. */
const changes: HelperSpec = {
  usage: 'changes [list] [max=10] [separator=", "]',
  min: 0,
  max: 1,
  named: ['max', 'separator'],
  run([list], call) {
    const all = list === undefined ? readPath(call.context, 'changes') : list;
    if (all === undefined || all === null) return '';
    if (!Array.isArray(all)) throw call.error(`needs a list of changes, got ${typeName(all)}`);
    const { max, separator } = call.hash;
    const limit = max === undefined ? defaultMax : call.number(max, 'max to be a number');
    const lines = all.slice(0, limit).map((change: unknown) => {
      const path = truncate(plainText(readPath(change, 'path')), maxValueLength);
      return `${path}: ${valueText(readPath(change, 'before'))} → ${valueText(readPath(change, 'after'))}`;
    });
    if (all.length > limit) lines.push(`+ ${all.length - limit} more`);
    return lines.join(separator === undefined ? ', ' : call.text(separator, 'a separator'));
  },
};

export const changeHelpers: Record<string, HelperSpec> = { changes };
