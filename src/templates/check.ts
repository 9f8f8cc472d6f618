import type { AuditEvent, Change } from '../core/event.ts';
import type { PathReader } from '../core/path.ts';
import { formatPath, pathReader } from '../core/path.ts';
import { suggest } from '../core/suggest.ts';
import type { PathUse } from './path-uses.ts';
import type { TemplateProblem } from './problem.ts';
import type { TemplateRenderer } from './renderer.ts';
import { slackOverruns } from './slack-limits.ts';

/** How often a field was looked for and found, and what stood beside it where it was not. */
interface Seen {
  wanted: number;
  found: number;
  beside: Set<string>;
}

const sampleChanges: Change[] = [
  { path: 'enabled', before: false, after: true },
  { path: 'description', before: null, after: 'a "quoted" <text>' },
  { path: 'threshold', before: { percentage: 25 }, after: { percentage: 50 } },
];

/**
 * Renders every sample and reports what is wrong with the results: failures, invalid JSON, limits of Slack, and
 * fields that are in none of the samples. Each problem is reported once, with a sample it occurs with.
 */
export function checkTemplate(renderer: TemplateRenderer, samples: readonly AuditEvent[]): TemplateProblem[] {
  const problems = new Map<string, TemplateProblem>();
  const seen = recordPaths(renderer, () => {
    for (const sample of samples) {
      checkSample(renderer, sample, problems);
      if (renderer.set.usesPrevious && sample.payload !== null) {
        const changed = { ...sample, previous: sample.payload, changes: sampleChanges };
        checkSample(renderer, changed, problems);
      }
    }
  });
  if (samples.length > 0) {
    const guarded = new Set(renderer.uses.filter((use) => use.guarded).map((use) => use.key));
    for (const use of renderer.uses) {
      const problem = missingField(use, seen.get(use.key), guarded.has(use.key));
      if (problem !== undefined) problems.set(`${problem.code} ${use.key} ${use.place.file ?? ''}`, problem);
    }
  }
  for (const place of renderer.raw) {
    const message = 'this value is written as it is, so that a quote or a bracket in it can break the body';
    const problem = {
      severity: 'warning',
      code: 'raw_value',
      message,
      hint: 'write {{…}} instead of {{{…}}}',
      ...place,
    } as const;
    problems.set(`raw_value ${place.file ?? ''} ${place.line}:${place.column}`, problem);
  }
  return [...problems.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

function checkSample(
  renderer: TemplateRenderer,
  sample: AuditEvent,
  problems: Map<string, TemplateProblem>,
): void {
  const result = renderer.inspect(sample);
  const withSample = (message: string): string => `${message} (with the sample ${sample.id})`;
  if (!result.ok) {
    const { problem } = result;
    const key = `${problem.code} ${problem.file ?? ''} ${problem.pointer ?? ''} ${problem.line}:${problem.column}`;
    if (!problems.has(key)) problems.set(key, { ...problem, message: withSample(problem.message) });
    return;
  }
  if (!renderer.isJson) return;
  const body: unknown = JSON.parse(result.body);
  if (!renderer.set.slack && !hasBlocks(body)) return;
  for (const overrun of slackOverruns(body)) {
    const key = `slack_limit ${overrun.replace(/ has \d+ /, ' ')}`;
    if (problems.has(key)) continue;
    const hint = 'cut it with {{truncate …}} or {{slack … max=…}}';
    problems.set(key, {
      severity: 'error',
      code: 'slack_limit',
      message: withSample(overrun),
      hint,
      line: 0,
      column: 0,
    });
  }
}

function hasBlocks(body: unknown): boolean {
  return typeof body === 'object' && body !== null && ('blocks' in body || 'attachments' in body);
}

/** Runs `render` while every path reader of the template counts what it finds. */
function recordPaths(renderer: TemplateRenderer, render: () => void): Map<string, Seen> {
  const { table } = renderer.set.runtime;
  const seen = new Map<string, Seen>();
  const readers = new Map<string, PathReader>();
  for (const { key, segments } of renderer.uses) {
    if (readers.has(key)) continue;
    // Code that is compiled later finds the reader in the table and keeps it.
    const read = (table[key] as PathReader | undefined) ?? pathReader(segments);
    const record: Seen = { wanted: 0, found: 0, beside: new Set() };
    seen.set(key, record);
    readers.set(key, read);
    table[key] = (root: unknown): unknown => {
      const value = read(root);
      record.wanted += 1;
      if (value === undefined) for (const name of neighbours(root, segments)) record.beside.add(name);
      else record.found += 1;
      return value;
    };
  }
  try {
    render();
  } finally {
    for (const [key, read] of readers) table[key] = read;
  }
  return seen;
}

/** Paths that lead to where `segments` got lost, each with another last step. */
function neighbours(root: unknown, segments: readonly string[]): string[] {
  let value = root;
  for (const [depth, segment] of segments.entries()) {
    if (typeof value !== 'object' || value === null) return [];
    const next = Object.hasOwn(value, segment) ? (value as Record<string, unknown>)[segment] : undefined;
    if (next === undefined) {
      const way = segments.slice(0, depth);
      return Object.keys(value).map((key) => formatPath([...way, key, ...segments.slice(depth + 1)]));
    }
    value = next;
  }
  return [];
}

function missingField(use: PathUse, seen: Seen | undefined, guarded: boolean): TemplateProblem | undefined {
  if (seen === undefined || seen.wanted === 0 || seen.found > 0) return undefined;
  const [first] = use.segments;
  // Kept only where the journal knows the state before; no sample carries them.
  if (first === 'previous' || first === 'changes') return undefined;
  const path = formatPath(use.segments);
  const near = suggest(path, seen.beside);
  // Where the template minds the field's absence it is only doubted when it looks like a slip of the pen.
  if (guarded && (near === undefined || Math.abs(near.length - path.length) > 1)) return undefined;
  return {
    severity: 'warning',
    code: 'missing_field',
    message: `${path} is in none of the samples this sink would get`,
    hint:
      near === undefined
        ? 'it would be empty; {{default … "…"}} or {{#if …}} says what then'
        : `did you mean ${near}?`,
    ...use.place,
  };
}
