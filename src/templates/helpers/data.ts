import { parsePath, pathReader } from '../../core/path.ts';
import { jsonText } from '../escape.ts';
import type { HelperSpec } from '../helper.ts';
import { Marked } from '../marked.ts';

const get: HelperSpec['run'] = ([value, path], call) => {
  if (typeof path === 'number') return pathReader([String(path)])(value);
  const segments = parsePath(call.text(path, 'a path'));
  return segments === undefined ? undefined : pathReader(segments)(value);
};

export const dataHelpers: Record<string, HelperSpec> = {
  toJson: { usage: 'toJson value', min: 1, max: 1, run: ([value]) => toJson(value) },
  get: { usage: 'get value "path"', min: 2, max: 2, run: get },
  lookup: { usage: 'lookup value "path"', min: 2, max: 2, run: get },
};

function toJson(value: unknown): Marked {
  if (value instanceof Marked)
    return value.kind === 'json' ? value : new Marked('json', jsonText(value.text));
  return new Marked('json', jsonText(value));
}
