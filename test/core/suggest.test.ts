import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suggest } from '../../src/core/suggest.ts';

test('what people mistype', () => {
  const table: Array<[typed: string, known: string[], meant: string | undefined]> = [
    ['create', ['created', 'updated', 'deleted'], 'created'],
    ['udpated', ['created', 'updated', 'deleted'], 'updated'],
    ['max_backoff', ['max_backoff_duration', 'max_interval'], 'max_backoff_duration'],
    ['signingsecret', ['signing_secret', 'signature'], 'signing_secret'],
    ['webhook_url', ['url', 'method'], 'url'],
    ['URL', ['url'], 'url'],
    ['flagsmit', ['flipt', 'flagsmith'], 'flagsmith'],
    ['x', ['url', 'on'], undefined],
    ['on', ['or'], 'or'],
    ['something', ['url', 'name'], undefined],
    ['', ['url'], undefined],
  ];
  for (const [typed, known, meant] of table) assert.equal(suggest(typed, known), meant, typed);
});
