import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostAllowed, isLoopback, tokenCheck } from '../../src/admin/guard.ts';

test('knows a loopback address', () => {
  for (const host of [
    'localhost',
    'LOCALHOST',
    '127.0.0.1',
    '127.8.9.1',
    '::1',
    '[::1]',
    '::ffff:127.0.0.1',
  ]) {
    assert.equal(isLoopback(host), true, host);
  }
  for (const host of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '127.evil.example',
    '127.0.0.1.evil.example',
    '',
  ]) {
    assert.equal(isLoopback(host), false, host);
  }
});

test('a request without a Host is refused on loopback only', () => {
  for (const header of [undefined, '']) {
    assert.equal(hostAllowed(header, '127.0.0.1'), false);
    assert.equal(hostAllowed(header, '0.0.0.0'), true);
  }
});

test('the configured address is a name of this machine too', () => {
  assert.equal(hostAllowed('127.0.0.9:9470', '127.0.0.9'), true);
  assert.equal(hostAllowed('127.0.0.9:9470', '127.0.0.1'), false);
  assert.equal(hostAllowed('[::1]:9470', '[::1]'), true);
});

test('a token is taken as Bearer in any case, and only whole', () => {
  const check = tokenCheck('s3cret/+=');
  for (const header of ['Bearer s3cret/+=', 'bearer s3cret/+=', 'BEARER  s3cret/+= ']) {
    assert.equal(check(header), true, header);
  }
  const wrong = [
    undefined,
    '',
    's3cret/+=',
    'Bearer',
    'Bearer ',
    'Bearer s3cret/+',
    'Bearer s3cret/+= x',
    'Basic s3cret/+=',
  ];
  for (const header of wrong) assert.equal(check(header), false, String(header));
});
