import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { AuditEvent, JsonValue } from '../../src/core/event.ts';
import { compileFilter, parseEventPattern } from '../../src/core/filter.ts';
import type { FilterConfig } from '../../src/core/filter.ts';
import { compileGlob } from '../../src/core/glob.ts';

const everything: FilterConfig = { events: ['*:*'], match: {}, sources: null };

function event(fields: Partial<AuditEvent> = {}): AuditEvent {
  return {
    id: 'id',
    source: 'flipt',
    version: '0.2',
    type: 'flag',
    action: 'created',
    metadata: { actor: { email: 'a@b.c' } },
    payload: { key: 'new-checkout', namespace_key: 'production', enabled: true, rank: 2 },
    timestamp: '2026-01-15T09:30:00Z',
    status: 'success',
    raw: {},
    ...fields,
  };
}

function passes(config: Partial<FilterConfig>, fields: Partial<AuditEvent> = {}): boolean {
  return compileFilter({ ...everything, ...config })(event(fields));
}

describe('event patterns', () => {
  const nouns = ['flag', 'segment', 'rule', 'feature-x'];
  const verbs = ['created', 'updated', 'deleted'];

  test('noun, verb and stars', () => {
    assert.ok(passes({ events: ['flag:created'] }));
    assert.ok(passes({ events: ['flag:*'] }));
    assert.ok(passes({ events: ['*:created'] }));
    assert.ok(passes({ events: ['segment:*', 'fl*:cr?ated'] }));
    assert.ok(!passes({ events: ['flag:deleted', 'segment:*'] }));
    assert.ok(!passes({ events: ['Flag:Created'] }));
    assert.ok(!passes({ events: [] }));
  });

  test('property: exactly what the patterns say one by one, whatever was asked before', () => {
    const word = (words: string[]) => fc.constantFrom(...words, '*');
    const kinds = fc.tuple(fc.constantFrom(...nouns), fc.constantFrom(...verbs));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(word(nouns), word(verbs)), { maxLength: 4 }),
        fc.array(kinds, { maxLength: 40 }),
        (patterns, events) => {
          const filter = compileFilter({
            ...everything,
            events: patterns.map(([noun, verb]) => `${noun}:${verb}`),
          });
          for (const [type, action] of events) {
            const expected = patterns.some(
              ([noun, verb]) => (noun === '*' || noun === type) && (verb === '*' || verb === action),
            );
            assert.equal(filter(event({ type, action })), expected);
          }
        },
      ),
    );
  });

  test('thousands of kinds of events are still told apart', () => {
    const filter = compileFilter({ ...everything, events: ['t1:*', '*:a9'] });
    for (let i = 0; i < 10_000; i += 1) {
      assert.equal(filter(event({ type: `t${i}`, action: `a${i % 10}` })), i === 1 || i % 10 === 9);
    }
  });

  test('what is a pattern', () => {
    assert.deepEqual(parseEventPattern('flag:*'), { noun: 'flag', verb: '*' });
    for (const wrong of ['', 'flag', ':', 'flag:', ':x', 'a:b:c', 'a b:c', 'flag: created']) {
      assert.equal(parseEventPattern(wrong), undefined, wrong);
    }
  });
});

describe('match and sources', () => {
  test('every path must hold, one glob of each is enough', () => {
    assert.ok(
      passes({ match: { 'payload.namespace_key': ['staging', 'prod*'], 'metadata.actor.email': ['*@b.c'] } }),
    );
    assert.ok(!passes({ match: { 'payload.namespace_key': ['prod*'], 'payload.key': ['old-*'] } }));
    assert.ok(passes({ match: { 'payload.enabled': ['true'], 'payload.rank': ['2'] } }));
    assert.ok(passes({ match: { status: ['{success,denied}'] } }));
  });

  test('what is not there matches nothing, not even a star', () => {
    assert.ok(!passes({ match: { 'payload.nothing': ['*'] } }));
    assert.ok(!passes({ match: { 'payload.key': ['*'] } }, { payload: null }));
    assert.ok(!passes({ match: { 'payload.constructor': ['*'], 'payload.__proto__': ['*'] } }));
    assert.ok(!passes({ match: { payload: ['*'] } }), 'an object is no value');
  });

  test('of a list one entry is enough, and keys with dots are found', () => {
    const payload: JsonValue = { tags: ['a', 'prod'], 'io.flipt.auth.token.name': 'ci' };
    assert.ok(passes({ match: { 'payload.tags': ['prod'] } }, { payload }));
    assert.ok(passes({ match: { 'payload.io.flipt.auth.token.name': ['ci'] } }, { payload }));
  });

  test('sources', () => {
    assert.ok(passes({ sources: ['other', 'flipt'] }));
    assert.ok(!passes({ sources: ['other'] }));
    assert.ok(!passes({ sources: ['flipt'], events: ['*:deleted'] }));
  });
});

describe('globs', () => {
  const matches = (glob: string, text: string): boolean => {
    const compiled = compileGlob(glob);
    assert.ok(compiled.ok, glob);
    return compiled.matches(text);
  };

  test('what each character means', () => {
    const table: Array<[glob: string, yes: string[], no: string[]]> = [
      ['prod', ['prod'], ['production', 'Prod', '']],
      ['*', ['', 'a/b\nc'], []],
      ['a*c', ['ac', 'abc', 'a/b\nc'], ['acd', 'ab']],
      ['a**c', ['ac', 'abbc'], ['b']],
      ['?', ['a', '🎉', '\n'], ['', 'ab']],
      ['[a-c]x', ['ax', 'cx'], ['dx', 'x']],
      ['[!a-c]x', ['dx', '🎉x'], ['ax']],
      ['[^a]', ['b'], ['a']],
      ['[a-]', ['a', '-'], ['b']],
      ['{a,b*}-x', ['a-x', 'bcd-x'], ['c-x']],
      ['{a,}x', ['ax', 'x'], ['bx']],
      ['\\*\\{', ['*{'], ['a{']],
      ['a,b', ['a,b'], ['a']],
      ['🎉*', ['🎉!'], ['!']],
    ];
    for (const [glob, yes, no] of table) {
      for (const text of yes) assert.ok(matches(glob, text), `${glob} matches ${text}`);
      for (const text of no) assert.ok(!matches(glob, text), `${glob} does not match ${text}`);
    }
  });

  test('what is wrong, and where', () => {
    const at = (glob: string): number | undefined => {
      const compiled = compileGlob(glob);
      return compiled.ok ? undefined : compiled.at;
    };
    assert.deepEqual(
      ['ab[', 'a{b', 'a}', '[]', '[z-a]', 'a\\', '{a{b}}', '[!]'].map(at),
      [2, 1, 1, 0, 0, 1, 2, 0],
    );
    assert.equal(compileGlob('{a,b}'.repeat(9)).ok, false, 'alternatives are bounded');
  });

  test('property: the same as a regular expression that is built the plain way', () => {
    const piece = fc.constantFrom('*', '?', 'a', 'b', '[ab]', '[!a]', '{a,bb}', '.', '+');
    const plain = (glob: string): RegExp =>
      new RegExp(
        `^${glob.replaceAll(/\{a,bb\}|\[!a\]|\[ab\]|[*?.+]/g, (found) => ({ '*': '[^]*', '?': '[^]', '[!a]': '[^a]', '[ab]': '[ab]', '{a,bb}': '(?:a|bb)' })[found] ?? `\\${found}`)}$`,
      );
    const value = fc.string({ unit: fc.constantFrom('a', 'b', '.', '+', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), value, (pieces, text) => {
        const glob = pieces.join('');
        assert.equal(matches(glob, text), plain(glob).test(text), `${glob} on ${text}`);
      }),
      { numRuns: 2000 },
    );
  });

  test('a hostile value does not make it slow', () => {
    // Matching that backtracks would not come to an end within the life of the test.
    assert.ok(!matches('*a*a*a*a*a*a*b', 'a'.repeat(100_000)));
  });
});
