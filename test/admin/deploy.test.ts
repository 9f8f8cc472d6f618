import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parse } from 'yaml';
import { createMetrics } from '../../src/core/metrics.ts';
import { groupingLabels, problemsOf, selectorsIn } from './promql.ts';

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: Array<{ expr: string; legendFormat: string; refId: string }>;
}

interface Dashboard {
  uid: string;
  schemaVersion: number;
  templating: { list: Array<{ name: string; type: string; definition?: string }> };
  panels: Panel[];
}

const rules = (
  parse(await read('deploy/alerts.yaml')) as { groups: Array<{ rules: Rule[] }> }
).groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(await read('deploy/dashboard.json')) as Dashboard;
const metricsDoc = await read('docs/metrics.md');

test('each alert reads metrics and labels that there are, and says what to think of it', () => {
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  for (const { alert, expr, for: wait, labels, annotations } of rules) {
    assert.match(alert, /^Auditsink[A-Za-z]+$/);
    assert.deepEqual(problemsOf(expr), [], alert);
    assert.ok(wait === undefined || /^\d+[mhd]$/.test(wait), alert);
    assert.ok(['critical', 'warning'].includes(labels.severity), alert);
    assert.deepEqual(Object.keys(annotations), ['summary', 'description'], alert);
  }
});

test('what an alert says names only labels that its result still has', () => {
  for (const { alert, expr, annotations } of rules) {
    const metric = selectorsIn(expr)[0]?.name;
    const own = Object.values(createMetrics()).find(({ name }) => name === metric)?.labels ?? [];
    const kept = expr.startsWith('sum by') ? groupingLabels(expr) : own;
    for (const [, label = ''] of JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)) {
      assert.ok(kept.includes(label), `${alert}: ${label}`);
    }
  }
});

test('the dashboard reads metrics and labels that there are', () => {
  for (const { title, targets = [] } of dashboard.panels) {
    for (const { expr, legendFormat } of targets) {
      assert.deepEqual(problemsOf(expr), [], title);
      const grouped = groupingLabels(expr);
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
        assert.ok(
          grouped.length === 0 ? label === 'instance' : grouped.includes(label),
          `${title}: ${label}`,
        );
      }
    }
  }
  for (const { definition } of dashboard.templating.list) {
    if (definition !== undefined) assert.deepEqual(problemsOf(definition), []);
  }
});

test('the dashboard is one that Grafana 11 takes', () => {
  assert.equal(dashboard.schemaVersion, 39);
  const { panels } = dashboard;
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Set<string>();
  for (const { title, type, gridPos, targets } of panels) {
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    assert.equal(type === 'row', targets === undefined, title);
    assert.equal(new Set(targets?.map(({ refId }) => refId)).size, targets?.length ?? 0, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        assert.ok(!taken.has(`${x},${y}`), `${title} lies on another panel`);
        taken.add(`${x},${y}`);
      }
    }
  }
  const variables = new Set(dashboard.templating.list.map(({ name }) => name));
  for (const [, name = ''] of JSON.stringify(panels).matchAll(/\$\{?([a-z]\w*)/g))
    assert.ok(variables.has(name), name);
});

test('every metric of ours is on the dashboard and in the docs, every alert in the docs', () => {
  const shown = new Set(
    dashboard.panels.flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr }) => selectorsIn(expr).map(({ name }) => name)),
    ),
  );
  const described = [...metricsDoc.matchAll(/^\| `([a-z_]+)(?:\{([a-z,]+)\})?` +\|/gm)];
  const labelsOf = new Map(described.map(([, name, labels]) => [name, labels ?? '']));
  for (const { name, kind, labels } of Object.values(createMetrics())) {
    assert.ok(shown.has(kind === 'histogram' ? `${name}_bucket` : name), `${name} is not on the dashboard`);
    assert.equal(labelsOf.get(name), labels.join(','), `${name} in docs/metrics.md`);
  }
  const documented = [...metricsDoc.matchAll(/^### (Auditsink\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(
    documented,
    rules.map(({ alert }) => alert),
  );
});

test('the check finds names that are not there', () => {
  const wrong: Array<[expression: string, problem: string]> = [
    ['auditsink_sink_pendin > 1', 'auditsink_sink_pendin is no metric'],
    ['rate(auditsink_attempt_duration_seconds[5m])', 'auditsink_attempt_duration_seconds is no metric'],
    ['auditsink_sink_pending{source="x"}', 'auditsink_sink_pending has no label source'],
    ['auditsink_deliveries_total{outcome="lost"}', 'outcome is never lost'],
    ['sum by (source) (auditsink_sink_pending)', 'no metric here has a label source'],
    ['sum(auditsink_sink_pending', 'a bracket is not closed'],
    ['1 > 0', 'reads no metric'],
  ];
  for (const [expression, problem] of wrong) assert.deepEqual(problemsOf(expression), [problem]);
});
