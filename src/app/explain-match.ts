import type { SinkConfig } from '../config/config.ts';
import type { AuditEvent } from '../core/event.ts';
import { compileFilter } from '../core/filter.ts';
import { parsePath, pathReader } from '../core/path.ts';

/** Why an event is for a sink or not: one line per condition of its filter, with whether it holds. */
export function explainMatch(
  config: SinkConfig,
  event: AuditEvent,
): Array<{ holds: boolean; condition: string }> {
  const { events, match, sources } = config;
  const everything = { events: ['*:*'], match: {}, sources: null };
  const kind = `${event.type}:${event.action}`;
  const pattern = events.find((candidate) => compileFilter({ ...everything, events: [candidate] })(event));
  const found = [
    {
      holds: pattern !== undefined,
      condition:
        pattern === undefined
          ? `events: ${kind} is none of ${events.join(', ')}`
          : `events: ${kind} matches ${pattern}`,
    },
  ];
  for (const [path, globs] of Object.entries(match)) {
    const holds = compileFilter({ ...everything, match: { [path]: globs } })(event);
    const value = JSON.stringify(pathReader(parsePath(path) ?? [])(event)) ?? 'missing';
    found.push({
      holds,
      condition: `match: ${path} is ${value}, ${holds ? 'as in' : 'not'} ${globs.join(', ')}`,
    });
  }
  if (sources !== null) {
    const holds = sources.includes(event.source);
    found.push({
      holds,
      condition: `sources: ${event.source} is ${holds ? '' : 'not '}one of ${sources.join(', ')}`,
    });
  }
  return found;
}
