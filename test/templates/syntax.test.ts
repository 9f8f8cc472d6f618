import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { compileText } from '../../src/templates/compile.ts';
import { sharedCompiler } from '../../src/templates/shared-compiler.ts';
import { event, json, problems, reason, rendered, text } from './world.ts';

describe('closing braces', () => {
  const cases: ReadonlyArray<readonly [template: string, body: unknown]> = [
    ['{"p":{{toJson payload.count}}}', { p: 3 }],
    ['{"a":{"p":{{toJson payload.count}}}}', { a: { p: 3 } }],
    ['{"a":{"b":{"p":{{payload.count}}}}}', { a: { b: { p: 3 } } }],
    ['{"p":{{{payload.count}}}}', { p: 3 }],
    ['{"p":{{~toJson payload.count~}}}', { p: 3 }],
    ['{"p":{{#if type}}{"q":1{{/if}}}}', { p: { q: 1 } }],
    ['{"p":{"q":1{{#if type}}}{{/if}}}', { p: { q: 1 } }],
    ['{"p":{{default payload.x "}}}"}}}', { p: '}}}' }],
    ['{"p":{{default payload.x \'{{\'}}}', { p: '{{' }],
    ['{"p":{{! a }} comment {{!-- }}} --}}{{payload.count}}}', undefined],
    ['{"p":{{!-- {{x}}} --}}{{payload.count}}}', { p: 3 }],
    ['{"p":{{! x }}{{payload.count}}}', { p: 3 }],
    ['{"p":{{payload.[io.flipt.name]}}}', { p: 'ci' }],
    ['{"p":"\uE000{{type}}","q":{{payload.count}}}', { p: '\uE000flag', q: 3 }],
  ];
  for (const [template, body] of cases) {
    test(template, () => {
      if (body === undefined) reason(template, json);
      else assert.deepEqual(JSON.parse(rendered(template, json)), body);
    });
  }

  test('an escaped expression is literal text', () => {
    assert.equal(rendered('\\{{x}}} {{type}}}', text), '{{x}}} flag}');
  });

  test('any number of them after an expression is kept', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(6), fc.string(), (before, count, after) => {
        const around = [before, after].map((part) =>
          part.replaceAll(/[{}\\]/g, '.').replaceAll('\u0000', '.'),
        );
        const template = `${around[0]}{{type}}${'}'.repeat(count)}${around[1]}`;
        assert.equal(rendered(template, text), `${around[0]}flag${'}'.repeat(count)}${around[1]}`);
      }),
    );
  });

  test('lines and columns stay true behind them', () => {
    const [problem] = problems('{"a":{{toJson payload}}},\n {"b":{{toJson payload}},"c":{{uper type}}}');
    assert.deepEqual([problem?.line, problem?.column, problem?.length], [2, 32, 4]);
  });
});

describe('problems', () => {
  const cases: ReadonlyArray<
    readonly [
      name: string,
      template: string,
      code: string,
      line: number,
      column: number,
      message: RegExp,
      hint: RegExp,
    ]
  > = [
    [
      'an unknown helper',
      '{"a":\n "{{uper type}}"}',
      'unknown_helper',
      2,
      5,
      /unknown helper "uper"/,
      /did you mean upper/,
    ],
    [
      'an unknown helper in a subexpression',
      '{{#if (equal type "x")}}{{/if}}',
      'unknown_helper',
      1,
      8,
      /"equal"/,
      /there are and, base64/,
    ],
    ['an unknown block', '{{#iff type}}{{/iff}}', 'unknown_helper', 1, 4, /"iff"/, /did you mean if/],
    [
      'a helper as a block',
      '{{#eq type "x"}}{{/eq}}',
      'unknown_helper',
      1,
      4,
      /eq cannot open a block/,
      /\{\{#if \(eq …\)\}\}/,
    ],
    [
      'too few arguments',
      '"{{truncate type}}"',
      'helper_arguments',
      1,
      4,
      /truncate needs at least 2 arguments, got 1/,
      /truncate text length/,
    ],
    [
      'too many arguments',
      '"{{upper type action}}"',
      'helper_arguments',
      1,
      15,
      /upper takes at most 1, got 2/,
      /upper text/,
    ],
    [
      'an unknown option',
      '"{{date timestamp zon="UTC"}}"',
      'helper_arguments',
      1,
      19,
      /date has no option "zon"/,
      /did you mean zone/,
    ],
    [
      'an unknown partial',
      '"{{> foo}}"',
      'unknown_partial',
      1,
      6,
      /unknown partial "foo"/,
      /no folder of partials/,
    ],
    ['an unknown variable', '"{{@indx}}"', 'unknown_variable', 1, 4, /@indx/, /did you mean @index/],
    [
      'a block that is never closed',
      '{"a":1}\n{{#if type}}\n{{#each payload}}{{/each}}',
      'template_syntax',
      2,
      1,
      /\{\{#if\}\} is never closed/,
      /add \{\{\/if\}\}/,
    ],
    [
      'a block closed by another name',
      '{{#if type}}{{/each}}',
      'template_syntax',
      1,
      4,
      /\{\{#if\}\} is closed by \{\{\/each\}\}/,
      /\{\{\/if\}\}/,
    ],
    [
      'an expression that is never closed',
      '{"a":"{{type"}',
      'template_syntax',
      1,
      7,
      /never closed/,
      /add }}/,
    ],
    [
      'three braces closed by two',
      '"{{{type}}"',
      'template_syntax',
      1,
      9,
      /must be closed by }}}/,
      /space between/,
    ],
    ['an empty expression', '"{{ }}"', 'template_syntax', 1, 5, /ends too early/, /a field or a helper/],
    [
      'a JSON string over the end of a line',
      '{"a":"x\ny"}',
      'json_line_break',
      1,
      6,
      /over the end of the line/,
      /\\n for a line break/,
    ],
    [
      'a JSON string that is never closed',
      '{\n"a":"{{type}}}',
      'json_string_open',
      2,
      5,
      /never closed/,
      /closing quote/,
    ],
    [
      'a quote in only one branch',
      '{"a":{{#if type}}"x{{/if}}"}',
      'json_quotes',
      1,
      6,
      /only one way through/,
      /both of its quotes/,
    ],
    [
      'a backslash before an expression',
      '{"a":"\\\\{{type}}"}',
      'json_backslash',
      1,
      7,
      /backslash directly before/,
      /remove it/,
    ],
    ['a partial block', '{{#> x}}{{/x}}', 'unsupported', 1, 1, /partial blocks/, /\{\{> name\}\}/],
    [
      'an inline partial',
      '{{#*inline "x"}}{{/inline}}',
      'unsupported',
      1,
      1,
      /inline partials/,
      /file of its own/,
    ],
  ];
  for (const [name, template, code, line, column, message, hint] of cases) {
    test(name, () => {
      const [problem, ...others] = problems(template);
      assert.ok(problem);
      assert.deepEqual(others, []);
      assert.deepEqual([problem.code, problem.line, problem.column], [code, line, column]);
      assert.match(problem.message, message);
      assert.match(problem.hint ?? '', hint);
    });
  }

  test('are all reported together', () => {
    const found = problems('{"a":"{{uper type}}","b":"{{> foo}}","c":"{{lowr type}}"}');
    assert.deepEqual(found.map(({ code }) => code).sort(), [
      'unknown_helper',
      'unknown_helper',
      'unknown_partial',
    ]);
  });

  test('a text with any mustaches in it compiles or is refused, and never throws', () => {
    const pieces = fc.constantFrom(
      '{{',
      '}}',
      '{{{',
      '}}}',
      '#if ',
      '/if',
      'else',
      'type',
      '"',
      "'",
      '[',
      ']',
      '(',
      ')',
      '!--',
      '--',
      '> x',
      '~',
      '\\',
      '\n',
      ' ',
      '|',
      '=',
      '@',
      '.',
      '\u0000',
    );
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        for (const options of [json, text]) {
          const result = compileText(parts.join(''), options);
          if (result.ok) result.renderer.render(event);
          else assert.ok(result.problems.length > 0);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('failures while rendering', () => {
  test('name helper, type and place, and no value', () => {
    assert.equal(
      reason('{"a":1,\n "b":"{{upper payload}}"}', json),
      'template line 2, column 7: upper needs text, got an object; write (toJson …) to use it as text',
    );
    assert.match(reason('"{{join payload.key}}"', json), /join needs a list, got text$/);
    assert.match(reason('"{{truncate type payload.list}}"', json), /truncate needs a length, got a list$/);
    assert.match(
      reason('"{{date timestamp "yyyy" zone="Mars"}}"', json),
      /line 1, column 2: date does not know this time zone/,
    );
  });

  test('point at the place where the body stops being JSON', () => {
    assert.equal(
      reason('{\n "a": "{{type}}",\n "b": 1,\n}', json),
      'template line 3, column 8: the rendered body is not valid JSON: there is a comma after the last element (character 24 of the body)',
    );
    assert.match(
      reason('{\n "type": "{{type}}"\n "payload": 1}', json),
      /^template line 3, column 2: .*a comma is missing before this/,
    );
    assert.match(
      reason('{"a":[{{#each payload.list}}{{this}},{{/each}}]}', json),
      /^template line 1, column 37: .*a comma after the last element/,
    );
    assert.match(
      reason('{"a": {{{payload.key}}}}', json),
      /^template line 1, column 7: .*a text must stand in double quotes/,
    );
  });

  test('a partial that calls itself without end fails alone', () => {
    const dir = mkdtempSync(join(tmpdir(), 'partials-'));
    try {
      writeFileSync(join(dir, 'loop.hbs'), '{{> loop}}');
      assert.match(reason('"{{> loop}}"', { ...json, partialsDir: dir }), /calls itself too often/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('sharedCompiler', () => {
  test('compiles equal templates once, and different ones apart', () => {
    const compile = sharedCompiler();
    const first = compile('{"a":{{type}}}', json);
    assert.equal(compile('{"a":{{type}}}', { ...json }), first);
    for (const options of [text, { ...json, slack: true }, { ...json, partialsDir: '/nowhere' }]) {
      assert.notEqual(compile('{"a":{{type}}}', options), first);
    }
    assert.notEqual(compile('{"b":{{type}}}', json), first);
  });
});

describe('partials', () => {
  test('are escaped by where they are called, and report their own file', (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'partials-'));
    t.after(() => rmSync(dir, { recursive: true }));
    const options = { ...json, partialsDir: dir };
    writeFileSync(join(dir, 'key.hbs'), '{{payload.key}}\n');
    writeFileSync(join(dir, 'who.hbs'), '{{title name}} <{{> key}}>');
    writeFileSync(join(dir, 'broken.hbs'), 'a\n {{uper type}}');
    assert.deepEqual(JSON.parse(rendered('{"a":{{> key}},"b":"{{> key}}{{> who name="bob"}}"}', options)), {
      a: 'new-checkout',
      b: 'new-checkoutBob <new-checkout>',
    });
    const [problem] = problems('{"a":"{{> broken}}"}', { ...options, contentType: 'text/plain' });
    assert.deepEqual([problem?.file, problem?.line, problem?.column], [join(dir, 'broken.hbs'), 2, 4]);
    const [unknown] = problems('"{{> keu}}"', options);
    assert.equal(unknown?.hint, 'did you mean key?');
  });
});
