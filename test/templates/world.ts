import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AuditEvent } from '../../src/core/event.ts';
import { compileText } from '../../src/templates/compile.ts';
import type { TemplateSetOptions } from '../../src/templates/compile.ts';
import type { TemplateProblem } from '../../src/templates/problem.ts';
import type { TemplateRenderer } from '../../src/templates/renderer.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const templatesDir = join(root, 'templates');
export const goldenDir = join(root, 'test', 'golden', 'templates');

export const shippedTemplates = [
  'slack',
  'slack-text',
  'teams',
  'discord',
  'pagerduty',
  'datadog',
  'splunk-hec',
  'json',
  'cloudevents',
] as const;

export const json: TemplateSetOptions = { partialsDir: null, contentType: 'application/json' };
export const text: TemplateSetOptions = { partialsDir: null, contentType: 'text/plain' };

export const event: AuditEvent = {
  id: 'e1',
  source: 'flipt',
  version: '0.2',
  type: 'flag',
  action: 'updated',
  metadata: { actor: { name: 'Alice', email: 'alice@example.com' } },
  payload: {
    key: 'new-checkout',
    enabled: true,
    count: 3,
    none: null,
    list: ['a', 'b'],
    'io.flipt.name': 'ci',
  },
  timestamp: '2026-01-15T09:30:00Z',
  status: 'success',
  raw: {},
};

export function compiled(template: string, options: TemplateSetOptions): TemplateRenderer {
  const result = compileText(template, options);
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.problems));
  return result.renderer;
}

/** The body of `template`, which must render. */
export function rendered(template: string, options: TemplateSetOptions, of: AuditEvent = event): string {
  const result = compiled(template, options).render(of);
  assert.ok(result.ok, result.ok ? '' : result.reason);
  return result.body;
}

/** Why `template` does not render. */
export function reason(template: string, options: TemplateSetOptions, of: AuditEvent = event): string {
  const result = compiled(template, options).render(of);
  assert.ok(!result.ok, 'it rendered');
  return result.reason;
}

/** What compiling `template` finds. */
export function problems(template: string, options: TemplateSetOptions = json): TemplateProblem[] {
  const result = compileText(template, options);
  assert.ok(!result.ok, 'it compiled');
  return result.problems;
}

/** A shipped template, compiled; `edit` is what its user writes into it. */
export function shipped(
  name: string,
  slack = false,
  edit: (template: string) => string = (template) => template,
): TemplateRenderer {
  const template = edit(readFileSync(join(templatesDir, `${name}.hbs`), 'utf8'));
  return compiled(template, { ...json, partialsDir: join(templatesDir, 'partials'), slack });
}
