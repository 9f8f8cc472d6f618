import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { AuditEvent } from '../../src/core/event.ts';
import { systemClock } from '../../src/core/clock.ts';
import { relativeTime } from '../../src/templates/helpers/date.ts';
import { slackText } from '../../src/templates/helpers/slack.ts';
import { helperSpecs } from '../../src/templates/helpers/table.ts';
import { truncate } from '../../src/templates/helpers/text.ts';
import { compileText } from '../../src/templates/compile.ts';
import { event, reason, rendered, text } from './world.ts';

const changed: AuditEvent = {
  ...event,
  previous: { enabled: false },
  changes: [
    { path: 'enabled', before: false, after: true },
    { path: 'description', before: '', after: null },
    { path: 'threshold', before: { percentage: 25 }, after: { percentage: 50 } },
  ],
};

describe('helpers', () => {
  const cases: ReadonlyArray<readonly [template: string, output: string]> = [
    ['{{toJson payload.list}} {{toJson payload.x}} {{toJson "a"}}', '["a","b"] null "a"'],
    ['{{get payload "io.flipt.name"}} {{get payload "list.1"}} {{get payload.list 0}}', 'ci b a'],
    ['{{lookup payload "key"}} {{lookup payload "constructor"}}|', 'new-checkout |'],
    ['{{payload.io.flipt.name}} {{payload.[io.flipt.name]}}', 'ci ci'],
    [
      '{{eq type "flag"}} {{eq payload.count 3}} {{eq payload.x null}} {{eq payload.count "3"}}',
      'true true true false',
    ],
    ['{{ne type "flag"}} {{not payload.list}} {{not payload.x}}', 'false false true'],
    ['{{or payload.x "b"}} {{and type "yes"}} {{or (and payload.x "yes") "no"}}', 'b yes no'],
    ['{{default payload.x payload.none "last"}} {{default payload.count "x"}}', 'last 3'],
    ['{{default payload.off "x"}}', 'x'],
    [
      '{{upper type}} {{lower "ÀB"}} {{title "new-checkout of bob"}} [{{trim "  a "}}]',
      'FLAG àb New-Checkout Of Bob [a]',
    ],
    [
      '{{truncate "abcdef" 4}} {{truncate "abcdef" 4 "..."}} {{truncate "abc" 3}} {{truncate payload.list 4}}',
      'abc… a... abc ["a…',
    ],
    ['{{replace "a_b_c" "_" "$&"}} {{replace type "" "x"}}', 'a$&b$&c flag'],
    ['{{join payload.list}} {{join payload.list "/"}} {{join payload.x}}|', 'a, b a/b |'],
    ['{{concat type ":" action payload.count payload.x}}', 'flag:updated3'],
    ['{{urlencode "a b/ü&"}} {{base64 "hü"}}', 'a%20b%2F%C3%BC%26 aMO8'],
    ['{{date timestamp}}', '2026-01-15 09:30:00 UTC'],
    ['{{date timestamp "d. MMM yy, H:mm xxx" zone="Europe/Berlin"}}', '15. Jan 26, 10:30 +01:00'],
    [
      `{{date timestamp "EEEE MMMM dd h:mm a 'at' ''" zone="America/New_York"}}`,
      "Thursday January 15 4:30 AM at '",
    ],
    [
      '{{date 1768469400 "iso"}} {{date 1768469400123 "unix_ms"}} {{date timestamp "unix"}}',
      '2026-01-15T09:30:00.000Z 1768469400123 1768469400',
    ],
    ['{{date "soon"}} {{date payload.x}}{{date "soon" "unix"}}|', 'soon |'],
    ['{{slack "a_b <!here> & *bold* _it_ ~no~ `code`"}}', 'a_b &lt;!here&gt; &amp; ∗bold∗ ˍitˍ ∼no∼ ˋcodeˋ'],
    ['{{slack "&&&&" max=12}} {{slack payload.list}}', '&amp;&amp;… ["a","b"]'],
    ['{{slackLink "https://x.test/a|b>?c&d" "x|y"}}', '<https://x.test/a%7Cb%3E?c&amp;d|x¦y>'],
    ['{{slackLink "" "x"}} {{slackLink "javascript:x" "y"}} {{slackLink payload.x "z"}}', 'x y z'],
    ['{{#if payload.off}}a{{else if (eq type "flag")}}b{{else}}c{{/if}}', 'b'],
    ['{{#unless payload.off}}a{{/unless}}{{#unless type}}b{{else}}c{{/unless}}', 'ac'],
    ['{{#if payload.zero}}a{{else}}b{{/if}}{{#if 0 includeZero=true}}c{{/if}}', 'bc'],
    ['{{#each payload.list}}{{@index}}{{this}}{{#if @last}}.{{/if}}{{/each}}', '0a1b.'],
    [
      '{{#each metadata.actor as |value key|}}{{key}}={{value}};{{/each}}',
      'name=Alice;email=alice@example.com;',
    ],
    [
      '{{#with metadata.actor}}{{name}} {{../type}} {{@root.payload.key}}{{/with}}',
      'Alice flag new-checkout',
    ],
    [
      '{{#each payload.none}}x{{else}}none{{/each}}{{#payload.list}}[{{this}}]{{/payload.list}}',
      'none[a][b]',
    ],
    [
      '{{#let who=metadata.actor.name n=(upper type)}}{{who}} {{n}} {{payload.key}}{{/let}}{{who}}|',
      'Alice FLAG new-checkout|',
    ],
    ['{{#each payload.list as |title|}}{{title}}{{/each}}{{log}}{{#log}}x{{/log}}{{helperMissing}}|', 'ab|'],
    ['{{#with payload}}{{title}}{{upper key}}{{/with}}|', 'NEW-CHECKOUT|'],
    ['{{join payload.list "\\n"}}{{concat "\\t" "a\\\\n" "\\d"}}', 'a\nb\ta\\n\\d'],
  ];
  for (const [template, output] of cases) {
    test(template, () => assert.equal(rendered(template, text), output));
  }

  test('changes', () => {
    const show = (template: string): string => rendered(template, text, changed);
    assert.equal(
      show('{{changes}}'),
      'enabled: false → true, description: empty → none, threshold: {"percentage":25} → {"percentage":50}',
    );
    assert.equal(show('{{changes max=1 separator="; "}}'), 'enabled: false → true; + 2 more');
    assert.equal(
      show('{{#changes}}{{path}}: {{before}} → {{after}}|{{/changes}}').split('|')[0],
      'enabled: false → true',
    );
    assert.equal(
      show('{{#each changes}}{{#unless @first}}, {{/unless}}{{path}}{{/each}} {{changes.0.path}}'),
      'enabled, description, threshold enabled',
    );
    assert.equal(rendered('{{changes}}|{{#if changes}}x{{/if}}', text), '|');
  });

  test('whether a template needs the state before is known when it is compiled', () => {
    const uses = (template: string): boolean => {
      const result = compileText(template, text);
      assert.ok(result.ok);
      return result.usesPrevious;
    };
    for (const template of [
      '{{changes}}',
      '{{#each changes}}{{/each}}',
      '{{previous.key}}',
      '{{upper (default @root.previous.key "")}}',
      '{{#if previous}}{{/if}}',
    ]) {
      assert.equal(uses(template), true, template);
    }
    for (const template of ['{{payload.changes}}', 'previous', '{{toJson this}}'])
      assert.equal(uses(template), false, template);
  });

  test('relative counts from the injected clock', () => {
    const clock = { ...systemClock, now: () => Date.parse('2026-01-15T09:33:10Z') };
    assert.equal(rendered('{{relative timestamp}}', { ...text, clock }), '3 minutes ago');
    const minute = 60_000;
    assert.deepEqual(
      [
        0,
        -4000,
        -7000,
        -minute,
        -90 * minute,
        26 * 60 * minute,
        -40 * 24 * 60 * minute,
        800 * 24 * 60 * minute,
      ].map(relativeTime),
      [
        'just now',
        'just now',
        '7 seconds ago',
        '1 minute ago',
        '1 hour ago',
        'in 1 day',
        '1 month ago',
        'in 2 years',
      ],
    );
  });

  test('say which argument they cannot take', () => {
    for (const name of ['upper', 'lower', 'title', 'trim', 'base64']) {
      assert.match(reason(`{{${name} payload}}`, text), new RegExp(`: ${name} needs text, got an object;`));
    }
    assert.match(
      reason('{{replace type payload.list "x"}}', text),
      /replace needs a text to search for, got a list/,
    );
    assert.match(reason('{{date payload.list}}', text), /date needs a time, got a list/);
    assert.match(reason('{{truncate type "x"}}', text), /truncate needs a length, got text/);
    assert.match(reason('{{truncate type -1}}', text), /truncate needs a length of 0 or more/);
    assert.match(reason('{{changes type}}', text), /changes needs a list of changes, got text/);
    assert.match(reason('{{slackLink payload "x"}}', text), /slackLink needs a URL, got an object/);
  });

  test('never throw anything but a reason, whatever they are given', () => {
    const literals = fc.constantFrom(
      'payload',
      'payload.list',
      'payload.key',
      'payload.x',
      'payload.none',
      'payload.count',
      'true',
      '0',
      '-3',
      '1e3',
      '""',
      '"x"',
      'this',
      'null',
      '(toJson payload)',
      '(urlencode "ü")',
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(helperSpecs)),
        fc.array(literals, { maxLength: 4 }),
        (name, args) => {
          const result = compileText(`{{concat (${name} ${args.join(' ')})}}`, text);
          if (result.ok) assert.ok('ok' in result.renderer.render(changed));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('truncate', () => {
  test('gives at most the length and never half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(12), (value, length) => {
        const cut = truncate(value, length);
        assert.ok(cut.length <= length || value.length <= length);
        assert.ok(cut.isWellFormed());
      }),
    );
  });
});

describe('slack', () => {
  test('leaves nothing that Slack would read as markup', () => {
    const pieces = fc.constantFrom(
      '*',
      '_',
      '~',
      '`',
      '<',
      '>',
      '&',
      '!channel',
      '@U1',
      'a',
      ' ',
      '\n',
      '1',
      '.',
      'ü',
    );
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        const shown = slackText(parts.join(''));
        assert.doesNotMatch(shown, /[<>`]/);
        // A pair can only format where it stands at the outside of words.
        assert.doesNotMatch(shown, /(?:^|[^\p{L}\p{N}])([*_~])\S.*?\1(?:[^\p{L}\p{N}]|$)/su);
      }),
    );
  });
});
