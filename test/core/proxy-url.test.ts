import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProxyUrl } from '../../src/core/proxy-url.ts';

test('what curl takes for a proxy', () => {
  const table: Array<[string, string]> = [
    ['127.0.0.1:3128', 'http://127.0.0.1:3128/'],
    ['proxy.corp:3128', 'http://proxy.corp:3128/'],
    ['proxy', 'http://proxy/'],
    [' http://proxy.corp:3128 ', 'http://proxy.corp:3128/'],
    ['HTTP://proxy.corp/some/path?x#y', 'http://proxy.corp/'],
    ['https://proxy.corp', 'https://proxy.corp/'],
    ['user:p%40ss@proxy.corp:3128', 'http://user:p%40ss@proxy.corp:3128/'],
    ['[::1]:3128', 'http://[::1]:3128/'],
  ];
  for (const [written, href] of table) assert.equal(parseProxyUrl(written)?.href, href, written);
});

test('what nobody can use as a proxy', () => {
  for (const written of [
    '',
    '::::',
    'http://',
    'ftp://proxy',
    'socks5://proxy:1080',
    'a b',
    'http://p:99999',
    'http://u:%zz@p',
    'a\nb',
  ]) {
    assert.equal(parseProxyUrl(written), undefined, JSON.stringify(written));
  }
});
