import { parseEventPattern } from '../core/filter.ts';
import { parsePath } from '../core/path.ts';
import { suggest } from '../core/suggest.ts';
import type { Checked } from './checked.ts';
import type { Path } from './pointer.ts';
import type { Finding } from './report.ts';

/** What Flipt emits (rpc/flipt/request.go and internal/server/audit/checker.go). */
const nouns = [
  'constraint',
  'distribution',
  'flag',
  'namespace',
  'rollout',
  'rule',
  'segment',
  'token',
  'variant',
];
const verbs = ['created', 'updated', 'deleted'];
const eventFields = [
  'id',
  'source',
  'version',
  'type',
  'action',
  'metadata',
  'payload',
  'timestamp',
  'status',
  'raw',
  'previous',
  'changes',
];

/** Which events a sink gets: known sources, event patterns that can match, paths that lead into an event. */
export function checkRouting(config: Checked, sink: Path, sources: readonly Path[]): void {
  checkSources(config, sink, sources);
  checkEvents(config, sink, formatsOf(config, sink, sources));
  for (const path of config.keys([...sink, 'match'])) {
    const globs = [...sink, 'match', path];
    const fault = pathFault(path);
    if (fault !== undefined) config.add(globs, fault, 'key');
    if (config.isEmptyList(globs)) {
      config.add(globs, {
        code: 'empty',
        message: 'no value is in an empty list: the sink would get nothing',
        hint: 'leave the path out for any value',
      });
    }
  }
  const orderBy = config.text([...sink, 'order_by']);
  const isSecret = config.tree.place([...sink, 'order_by'])?.replaced === true;
  const fault = orderBy === undefined ? undefined : pathFault(orderBy, isSecret);
  if (fault !== undefined) config.add([...sink, 'order_by'], fault);
}

function checkSources(config: Checked, sink: Path, sources: readonly Path[]): void {
  const at = [...sink, 'sources'];
  const names = sources.flatMap((source) => config.text([...source, 'name']) ?? []);
  const shown = sources.flatMap((source) => {
    const name = [...source, 'name'];
    return config.tree.place(name)?.replaced === true ? [] : (config.text(name) ?? []);
  });
  if (config.isEmptyList(at)) {
    config.add(at, {
      code: 'empty',
      message: '`sources` is an empty list: the sink would get nothing',
      hint: 'leave it out for all sources',
    });
  }
  for (const { text, path } of config.texts(at)) {
    if (names.includes(text)) continue;
    const near = suggest(text, shown);
    config.add(path, {
      code: 'unknown_source',
      message: `${config.shown(path)} is no source`,
      hint: near === undefined ? `known: ${shown.join(', ')}` : `did you mean \`${near}\`?`,
    });
  }
}

function formatsOf(config: Checked, sink: Path, sources: readonly Path[]): string[] {
  const wanted = config.texts([...sink, 'sources']).map(({ text }) => text);
  return sources
    .filter((source) => wanted.length === 0 || wanted.includes(config.text([...source, 'name']) ?? ''))
    .map((source) => config.text([...source, 'format']) ?? 'auto');
}

function checkEvents(config: Checked, sink: Path, formats: readonly string[]): void {
  const at = [...sink, 'events'];
  if (config.isEmptyList(at)) {
    config.add(at, {
      code: 'empty',
      message: '`events` is an empty list: the sink would get nothing',
      hint: 'leave it out for all events',
    });
  }
  for (const { text, path } of config.texts(at)) {
    const fault = patternFault(text, formats);
    if (fault !== undefined)
      config.add(path, { ...fault, message: `${config.shown(path)} ${fault.message}` });
  }
}

function patternFault(text: string, formats: readonly string[]): Finding | undefined {
  if (text.trim() === '') return undefined;
  const pattern = parseEventPattern(text);
  if (pattern === undefined) {
    return {
      code: 'bad_event',
      message: 'is no event pattern',
      hint: 'write `noun:verb`, such as `flag:created`, `flag:*` or `*:deleted`',
    };
  }
  return wordFault('noun', pattern.noun, nouns, formats) ?? wordFault('verb', pattern.verb, verbs, formats);
}

/**
 * Other systems have words of their own, so an unknown word is only an error where every source is Flipt's, or
 * where it is close to one of Flipt's and no source says that it speaks another format.
 */
function wordFault(
  kind: string,
  word: string,
  known: readonly string[],
  formats: readonly string[],
): Finding | undefined {
  if (word === '*' || /[*?[{]/.test(word) || known.includes(word)) return undefined;
  const near = suggest(word, known);
  const fliptOnly = formats.length > 0 && formats.every((format) => format === 'flipt');
  const fliptOrAuto = formats.every((format) => format === 'flipt' || format === 'auto');
  if (near === undefined && !fliptOnly) return undefined;
  const listed = `${kind}s are ${known.map((one) => `\`${one}\``).join(', ')} and \`*\``;
  const other = fliptOrAuto && !fliptOnly ? ' If the source really sends this word, set its `format`' : '';
  return {
    severity: fliptOrAuto ? 'error' : 'warning',
    code: 'unknown_event',
    message: `names no ${kind} that Flipt sends`,
    hint: near === undefined ? listed : `did you mean \`${near}\`?${other}`,
  };
}

function pathFault(path: string, isSecret = false): Finding | undefined {
  const segments = parsePath(path);
  if (segments === undefined) {
    return {
      code: 'bad_path',
      message: 'this is no path into an event',
      hint: 'write it as `payload.key`; a key with dots may stand in brackets: `payload.[a.b]`',
    };
  }
  const [field = ''] = segments;
  if (eventFields.includes(field)) return undefined;
  const near = suggest(field, eventFields);
  const meant = near === undefined ? `payload.${path}` : [near, ...segments.slice(1)].join('.');
  // The remedy repeats what is written, so only where that is nothing but a path.
  const isRepeated = !isSecret && /^[\w.-]+$/.test(path);
  return {
    code: 'unknown_path',
    message: 'an event has no such field',
    hint: `${isRepeated ? `did you mean \`${meant}\`? An` : 'an'} event has ${eventFields.join(', ')}`,
  };
}
