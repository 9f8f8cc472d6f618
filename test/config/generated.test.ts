import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { generatedFiles } from '../../src/config/generate.ts';
import { loadConfig } from '../../src/config/load.ts';
import { configSchema } from '../../src/config/schema.ts';
import { knownKeys } from '../../src/config/sections.ts';
import { formatProblem } from '../../src/core/problem.ts';

const root = join(import.meta.dirname, '..', '..');

for (const [path, content] of Object.entries(generatedFiles())) {
  test(`${path} is what the schema says (else run: node src/config/generate.ts)`, () => {
    assert.equal(readFileSync(join(root, path), 'utf8'), content);
  });
}

test('the example is a config without a single warning, with no variable set', async () => {
  const file = join(root, 'config.example.yaml');
  const { config, problems, files } = await loadConfig(relative(process.cwd(), file), {});
  assert.deepEqual(problems.map(formatProblem), []);
  assert.deepEqual(
    config?.sinks.map(({ name, body, signature }) => [name, body?.kind ?? null, signature?.scheme ?? null]),
    [
      ['slack', 'text', null],
      ['flipt-webhook', null, 'flipt'],
      ['production-changes', 'text', null],
    ],
  );
  assert.ok(files.includes(join(root, 'templates', 'slack.hbs')));
  assert.match(readFileSync(file, 'utf8'), /^# yaml-language-server: \$schema=\.\/config\.schema\.json\n/);
});

test('every section that the schema has can be asked for its keys', () => {
  assert.deepEqual(knownKeys([]), Object.keys(configSchema.shape));
  assert.ok(knownKeys(['sinks', 3, 'retry']).includes('max_interval'));
  assert.ok(knownKeys(['sources', 0], 'file').includes('start_at'));
  assert.ok(!knownKeys(['sources', 0], 'http').includes('start_at'));
  assert.deepEqual(knownKeys(['sinks', 0, 'nothing']), []);
});

/** Just enough of JSON Schema to judge a value by what an editor would say. */
function accepts(schema: Record<string, unknown>, value: unknown): boolean {
  const kind =
    value === null
      ? 'null'
      : Array.isArray(value)
        ? 'array'
        : Number.isInteger(value)
          ? 'integer'
          : typeof value;
  const types = [schema['type'] ?? kind].flat();
  if (!types.includes(kind) && !(kind === 'integer' && types.includes('number'))) return false;
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(value)) return false;
  if (
    typeof value === 'string' &&
    typeof schema['pattern'] === 'string' &&
    !new RegExp(schema['pattern']).test(value)
  )
    return false;
  if (
    typeof value === 'number' &&
    (value < Number(schema['minimum'] ?? value) || value > Number(schema['maximum'] ?? value))
  )
    return false;
  if ('const' in schema && schema['const'] !== value) return false;
  const anyOf = (schema['anyOf'] ?? schema['oneOf']) as Array<Record<string, unknown>> | undefined;
  if (anyOf !== undefined && !anyOf.some((option) => accepts(option, value))) return false;
  const items = schema['items'] as Record<string, unknown> | undefined;
  if (Array.isArray(value) && items !== undefined) return value.every((item) => accepts(items, item));
  const properties = schema['properties'] as Record<string, Record<string, unknown>> | undefined;
  if (kind === 'object' && properties !== undefined) {
    return Object.entries(value as object).every(
      ([key, item]) => properties[key] !== undefined && accepts(properties[key], item),
    );
  }
  return true;
}

test('an editor finds nothing wrong with the example, and would with a mistyped key', () => {
  const schema = JSON.parse(generatedFiles()['config.schema.json'] ?? '') as Record<string, unknown>;
  const example = readFileSync(join(root, 'config.example.yaml'), 'utf8');
  assert.ok(accepts(schema, parse(example)));
  assert.ok(!accepts(schema, parse(example.replace('rate_limit', 'rate_limits'))));
  assert.ok(!accepts(schema, parse(example.replace('shutdown_grace: 10s', 'shutdown_grace: 10 s'))));
  assert.ok(!accepts(schema, parse(example.replace('type: file', 'type: files'))));
});

test('every default and every example of the schema is one the schema accepts', () => {
  let judged = 0;
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    const schema = node as Record<string, unknown>;
    const examples = Array.isArray(schema['examples']) ? (schema['examples'] as unknown[]) : [];
    for (const value of [
      ...('default' in schema && 'description' in schema ? [schema['default']] : []),
      ...examples,
    ]) {
      assert.ok(accepts(schema, value), `${path}: ${JSON.stringify(value)}`);
      judged += 1;
    }
    for (const [key, child] of Object.entries(schema)) visit(child, `${path}/${key}`);
  };
  visit(JSON.parse(generatedFiles()['config.schema.json'] ?? ''), '');
  assert.ok(judged > 40);
});
