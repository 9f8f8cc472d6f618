import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { sampleEvents } from '../../src/core/samples.ts';
import { compileTree } from '../../src/templates/compile.ts';
import { blockHelpers, helperSpecs } from '../../src/templates/helpers/table.ts';
import { json, rendered, shippedTemplates, text } from './world.ts';

const page = readFileSync(
  join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs', 'templates.md'),
  'utf8',
);
const sample = sampleEvents().find(({ id }) => id === 'flipt.flag.updated');
assert.ok(sample);

/** Fenced blocks in pairs: what is written, and the JSON it gives. */
const fenced = [...page.matchAll(/```(text|yaml)\n([\s\S]*?)```\n\n```json\n([\s\S]*?)```/g)];
/** Rows of the table of helpers: `{{…}}` and what it prints; `\|` is a bar in a table. */
const rows = [...page.matchAll(/^\| `(\{\{.*?)`\s+\| `(.*)`\s*\|$/gm)];

describe('docs/templates.md', () => {
  for (const [, language, source = '', output = ''] of fenced) {
    test(source.split('\n').slice(0, 3).join(' '), () => {
      if (language === 'text') {
        assert.deepEqual(JSON.parse(rendered(source, json, sample)), JSON.parse(output));
        return;
      }
      const result = compileTree(parse(source), json);
      assert.ok(result.ok);
      const body = result.renderer.render(sample);
      assert.ok(body.ok);
      assert.deepEqual(JSON.parse(body.body), JSON.parse(output));
    });
  }

  for (const [, template = '', output = ''] of rows) {
    test(template, () => assert.equal(rendered(template, text, sample), output.replaceAll('\\|', '|')));
  }

  test('has an example of every helper, and names every shipped template', () => {
    assert.ok(fenced.length >= 3 && rows.length >= 20);
    for (const name of [...Object.keys(helperSpecs), ...Object.keys(blockHelpers), ...shippedTemplates]) {
      if (name !== 'lookup') assert.match(page, new RegExp(`\\b${name}\\b`));
    }
  });
});
