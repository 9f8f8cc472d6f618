import type { Scalar } from 'yaml';
import type { TemplatePlace } from './config.ts';
import type { Excerpts } from './excerpt.ts';
import type { Segment } from './interpolate.ts';

/** For each index of a scalar's value (its length included) the offset in the file. */
export type OffsetMap = (index: number) => number;

/** Finds where the characters of a scalar's `value` stand; exact but for folded text, where it is near. */
export function scalarOffsets(node: Scalar, value: string, source: string): OffsetMap {
  const [start = 0, end = 0] = node.range ?? [];
  if (node.type === 'BLOCK_LITERAL') return literalOffsets(value, source, start);
  const contentStart =
    node.type === 'BLOCK_FOLDED'
      ? source.indexOf('\n', start) + 1
      : node.type === 'PLAIN'
        ? start
        : start + 1;
  return alignedOffsets(value, source, contentStart, end, node.type);
}

function literalOffsets(value: string, source: string, start: number): OffsetMap {
  const valueStarts: number[] = [];
  const fileStarts: number[] = [];
  let at = source.indexOf('\n', start) + 1;
  let index = 0;
  for (const line of value.split('\n')) {
    const lineEnd = source.indexOf('\n', at);
    const fileLine = source.slice(at, lineEnd === -1 ? source.length : lineEnd).replace(/\r$/, '');
    valueStarts.push(index);
    // A line of the value is the file's line without its indentation.
    fileStarts.push(at + Math.max(0, fileLine.length - line.length));
    index += line.length + 1;
    at = lineEnd === -1 ? source.length : lineEnd + 1;
  }
  return (wanted) => {
    let line = valueStarts.length - 1;
    while (line > 0 && (valueStarts[line] as number) > wanted) line -= 1;
    return (fileStarts[line] ?? start) + wanted - (valueStarts[line] ?? 0);
  };
}

function alignedOffsets(
  value: string,
  source: string,
  from: number,
  end: number,
  type: string | undefined,
): OffsetMap {
  const offsets: number[] = [];
  let at = from;
  for (let i = 0; i < value.length; i += 1) {
    const char = value[i] as string;
    if (type === 'QUOTE_DOUBLE' && source[at] === '\\' && !/[\r\n]/.test(source[at + 1] ?? '')) {
      offsets.push(at);
      at += { x: 4, u: 6, U: 10 }[source[at + 1] ?? ''] ?? 2;
      continue;
    }
    // Line breaks and indentation of the file that folding took out of the value.
    if (source[at] !== char)
      while (at < end && /[\s\\]/.test(source[at] ?? '') && source[at] !== char) at += 1;
    if (source[at] === char) {
      offsets.push(at);
      at += type === 'QUOTE_SINGLE' && char === "'" ? 2 : 1;
    } else offsets.push(Math.max(from, at - 1));
  }
  offsets.push(Math.min(at, end));
  return (index) => offsets[Math.min(index, offsets.length - 1)] ?? from;
}

/** The place of a template that stands in the config file, after its variables were replaced. */
export function inlinePlace(options: {
  file: string;
  text: string;
  segments: readonly Segment[];
  offsets: OffsetMap;
  excerpts: Excerpts;
}): TemplatePlace {
  const { file, text, segments, offsets, excerpts } = options;
  const lines = text.split('\n');
  return {
    file,
    locate(line, column) {
      let index = Math.max(0, column - 1);
      for (let i = 0; i < line - 1; i += 1) index += (lines[i]?.length ?? 0) + 1;
      const segment = segments.findLast((candidate) => candidate.start <= index);
      let raw = index;
      if (segment !== undefined) raw = segment.rawStart + (segment.literal ? index - segment.start : 0);
      return excerpts.position(offsets(raw));
    },
    excerpt: (line, column) => excerpts.show(line, column),
  };
}

/** The place of a template that is a file of its own: every line and column is its own. */
export function filePlace(file: string, excerpts: Excerpts): TemplatePlace {
  return {
    file,
    locate: (line, column) => ({ line, column }),
    excerpt: (line, column) => excerpts.show(line, column),
  };
}
