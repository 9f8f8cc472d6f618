import type { AuditEvent } from './event.ts';
import { compileGlob } from './glob.ts';
import { parsePath, pathReader } from './path.ts';

/** The part of a sink's config that decides which events it gets. */
export interface FilterConfig {
  /** `noun:verb` patterns, of which one must match. */
  events: readonly string[];
  /** Path → globs, of which one must match; all paths must hold. */
  match: Readonly<Record<string, readonly string[]>>;
  /** Names of sources; null: every source. */
  sources: readonly string[] | null;
}

export type EventFilter = (event: AuditEvent) => boolean;

/** More kinds of events than any system has; beyond it the memory is started afresh rather than left to grow. */
const maxRemembered = 4096;

/** The noun and the verb of an event pattern, or undefined where it is none. */
export function parseEventPattern(pattern: string): { noun: string; verb: string } | undefined {
  const match = /^([^\s:]+):([^\s:]+)$/.exec(pattern);
  return match === null ? undefined : { noun: match[1] ?? '', verb: match[2] ?? '' };
}

/**
 * Compiles a sink's filter. What it says about a type and an action is remembered, so that the common case
 * costs two map look-ups. A malformed pattern, path or glob matches nothing; the config layer refuses them.
 */
export function compileFilter(config: FilterConfig): EventFilter {
  const tests: EventFilter[] = [];
  if (config.sources !== null) {
    const names = new Set(config.sources);
    tests.push((event) => names.has(event.source));
  }
  if (!config.events.includes('*:*')) tests.push(kindFilter(config.events));
  for (const [path, globs] of Object.entries(config.match)) tests.push(valueFilter(path, globs));

  const [first, second] = tests;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (tests.length === 2) return (event) => first(event) && second(event);
  return (event) => tests.every((test) => test(event));
}

function kindFilter(patterns: readonly string[]): EventFilter {
  const pairs = patterns.flatMap((pattern) => {
    const words = parseEventPattern(pattern);
    return words === undefined ? [] : [{ noun: matcher(words.noun), verb: matcher(words.verb) }];
  });
  const byType = new Map<string, Map<string, boolean>>();
  let remembered = 0;
  return ({ type, action }) => {
    const known = byType.get(type)?.get(action);
    if (known !== undefined) return known;
    const answer = pairs.some((pair) => pair.noun(type) && pair.verb(action));
    // Types and actions are the sender's words, so their number is not ours to trust.
    if (remembered >= maxRemembered) {
      byType.clear();
      remembered = 0;
    }
    let byAction = byType.get(type);
    if (byAction === undefined) byType.set(type, (byAction = new Map()));
    byAction.set(action, answer);
    remembered += 1;
    return answer;
  };
}

function valueFilter(path: string, globs: readonly string[]): EventFilter {
  const segments = parsePath(path);
  if (segments === undefined) return () => false;
  const read = pathReader(segments);
  const matchers = globs.map(matcher);
  const holds = (value: unknown): boolean => {
    if (typeof value === 'string') return matchers.some((matches) => matches(value));
    if (typeof value === 'number' || typeof value === 'boolean') {
      const text = String(value);
      return matchers.some((matches) => matches(text));
    }
    return false;
  };
  return (event) => {
    const value = read(event);
    return Array.isArray(value) ? value.some(holds) : holds(value);
  };
}

function matcher(glob: string): (text: string) => boolean {
  const compiled = compileGlob(glob);
  return compiled.ok ? compiled.matches : () => false;
}
