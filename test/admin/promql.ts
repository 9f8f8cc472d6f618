import { processMetrics } from '../../src/admin/process-metrics.ts';
import { createMetrics } from '../../src/core/metrics.ts';

/** One use of a metric in an expression: its name and the labels that its selector names. */
export interface Selector {
  name: string;
  matchers: Array<{ label: string; value: string }>;
}

const words = new Set(
  'by on ignoring group_left group_right and or unless sum max min rate increase histogram_quantile absent time label_values'.split(
    ' ',
  ),
);
/** Put on every series by Prometheus itself. */
const targetLabels = ['job', 'instance'];

/** The labels of every metric name that a scrape shows, and of `up`. */
export function scrapedLabels(): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>([['up', targetLabels]]);
  for (const { name } of processMetrics()) found.set(name, targetLabels);
  for (const { name, kind, labels } of Object.values(createMetrics())) {
    const all = [...labels, ...targetLabels];
    if (kind !== 'histogram') found.set(name, all);
    else {
      found.set(`${name}_bucket`, [...all, 'le']);
      found.set(`${name}_sum`, all);
      found.set(`${name}_count`, all);
    }
  }
  return found;
}

/** The metrics that a PromQL expression reads. */
export function selectorsIn(expression: string): Selector[] {
  const bare = expression
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|on|group_left|group_right)\s*\([^)]*\)/g, ' ')
    .replace(/(label_values\(.*), \w+\)$/, '$1)');
  const selectors: Selector[] = [];
  for (const [, name = '', braces = ''] of bare.matchAll(/(?<![\w"$.])([a-z_][a-z0-9_]*)(\{[^}]*\})?/gi)) {
    if (words.has(name)) continue;
    const matchers = [...braces.matchAll(/(\w+)\s*=~?\s*"([^"]*)"/g)];
    selectors.push({ name, matchers: matchers.map(([, label = '', value = '']) => ({ label, value })) });
  }
  return selectors;
}

/** The labels that `by`, `on` and `group_left` name. */
export function groupingLabels(expression: string): string[] {
  return [...expression.matchAll(/\b(?:by|on|group_left|group_right)\s*\(([^)]*)\)/g)].flatMap(
    ([, inside = '']) => inside.split(',').map((label) => label.trim()),
  );
}

/** What an expression names that no scrape shows. */
export function problemsOf(expression: string): string[] {
  const labels = scrapedLabels();
  const problems: string[] = [];
  const selectors = selectorsIn(expression);
  if (selectors.length === 0) problems.push('reads no metric');
  const allowed = new Set<string>();
  for (const { name, matchers } of selectors) {
    const known = labels.get(name);
    if (known === undefined) problems.push(`${name} is no metric`);
    for (const label of known ?? []) allowed.add(label);
    for (const { label, value } of matchers) {
      if (known?.includes(label) === false) problems.push(`${name} has no label ${label}`);
      const values: Record<string, string[]> = {
        outcome: ['delivered', 'dead', 'filtered'],
        reason: ['manual', 'retry_after', 'circuit_open'],
      };
      if (values[label]?.includes(value) === false) problems.push(`${label} is never ${value}`);
    }
  }
  for (const label of groupingLabels(expression))
    if (!allowed.has(label)) problems.push(`no metric here has a label ${label}`);
  if (expression.split('(').length !== expression.split(')').length) problems.push('a bracket is not closed');
  return problems;
}
