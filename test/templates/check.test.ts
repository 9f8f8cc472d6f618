import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sampleEvents } from '../../src/core/samples.ts';
import { checkTemplate } from '../../src/templates/check.ts';
import { compileTree } from '../../src/templates/compile.ts';
import { compiled, json, text } from './world.ts';

const samples = sampleEvents();
const flags = samples.filter(({ type }) => type === 'flag');

describe('checkTemplate', () => {
  test('finds nothing wrong with a good template', () => {
    const renderer = compiled(
      '{"text":"{{type}} {{action}} {{payload.key}} {{changes}}{{#if payload.enabled}} on{{/if}}","p":{{toJson payload}}}',
      json,
    );
    assert.deepEqual(checkTemplate(renderer, samples), []);
  });

  test('points out a missing comma, as in the sample of the Flipt documentation', () => {
    const template = '{\n  "type": "{{type}}",\n  "action": "{{action}}"\n  "payload": {{toJson payload}}\n}';
    const [problem, ...others] = checkTemplate(compiled(template, json), samples);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [problem?.severity, problem?.code, problem?.line, problem?.column],
      ['error', 'invalid_json', 4, 3],
    );
    assert.match(
      problem?.message ?? '',
      /a comma is missing before this \(character 45 of the body\) \(with the sample flipt\.flag\.created\)$/,
    );
  });

  test('finds a trailing comma that only some events cause', () => {
    const template = '{"a":1{{#if payload.enabled}},"b":2,{{/if}}}';
    const [problem] = checkTemplate(compiled(template, json), samples);
    assert.equal(problem?.column, 36);
    assert.match(problem?.message ?? '', /comma after the last element.*flipt\.flag\.updated/);
  });

  test('finds invalid JSON that only comes with changes', () => {
    const [problem] = checkTemplate(compiled('{"a":[{{#each changes}}{{path}}{{/each}}]}', json), flags);
    assert.match(problem?.message ?? '', /a comma is missing/);
  });

  test('warns of fields that are in no sample, with what was meant', () => {
    const found = checkTemplate(
      compiled('{{payload.kye}} {{tpye}}\n{{payload.nothing_like_it}}', text),
      flags,
    );
    assert.deepEqual(
      found.map(({ severity, code, line, column, hint }) => [severity, code, line, column, hint]),
      [
        ['warning', 'missing_field', 1, 3, 'did you mean payload.key?'],
        ['warning', 'missing_field', 1, 19, 'did you mean type?'],
        [
          'warning',
          'missing_field',
          2,
          3,
          'it would be empty; {{default … "…"}} or {{#if …}} says what then',
        ],
      ],
    );
  });

  test('trusts a template that minds the absence, unless it looks like a slip', () => {
    assert.deepEqual(
      checkTemplate(
        compiled('{{#if payload.owner}}{{payload.owner}}{{/if}}{{default payload.ticket "none"}}', text),
        flags,
      ),
      [],
    );
    const [problem] = checkTemplate(compiled('{{#if payload.enbled}}on{{/if}}', text), flags);
    assert.equal(problem?.hint, 'did you mean payload.enabled?');
  });

  test('warns of values that are written raw, where that can break the body', () => {
    const template = '{"a":{{{toJson payload}}},\n"b":"{{{type}}}"}';
    assert.deepEqual(
      checkTemplate(compiled(template, json), flags).map(({ code, line, column }) => [code, line, column]),
      [['raw_value', 2, 6]],
    );
    assert.deepEqual(checkTemplate(compiled('{{{type}}}', text), flags), []);
  });

  test('leaves the renderer as it was', () => {
    const renderer = compiled('{{payload.key}}', text);
    checkTemplate(renderer, samples);
    const before = { ...renderer.set.runtime.table };
    checkTemplate(renderer, samples);
    assert.deepEqual(renderer.set.runtime.table, before);
  });

  test('counts what Slack refuses', () => {
    const long = 'x'.repeat(3001);
    const tree = {
      text: 'y'.repeat(40_001),
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'z'.repeat(151) } },
        {
          type: 'section',
          text: { type: 'mrkdwn', text: long },
          fields: Array.from({ length: 11 }, () => ({ type: 'mrkdwn', text: 'a' })),
        },
      ],
      attachments: [{ blocks: Array.from({ length: 51 }, () => ({ type: 'divider' })) }],
    };
    const result = compileTree(tree, json);
    assert.ok(result.ok);
    assert.deepEqual(
      checkTemplate(result.renderer, flags.slice(0, 1)).map(({ message }) =>
        message.replace(/ \(with.*/, ''),
      ),
      [
        'text has 40001 characters; Slack takes 40000',
        'blocks.0.text has 151 characters; Slack takes 150',
        'blocks.1.text has 3001 characters; Slack takes 3000',
        'blocks.1.fields has 11 fields; Slack takes 10',
        'attachments.0.blocks has 51 blocks; Slack takes 50',
      ],
    );
  });

  test('reports a failing helper once', () => {
    const found = checkTemplate(compiled('{{upper payload}}', text), flags);
    assert.equal(found.length, 1);
    assert.equal(found[0]?.code, 'template_failed');
  });
});
