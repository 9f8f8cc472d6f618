import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { maxReplyBytes } from '../../src/core/attempt.ts';
import { secretMask } from '../../src/core/secret-mask.ts';

test('secrets are hidden as they are and as JSON writes them; short ones are left', () => {
  const mask = secretMask(['s3cr"et', '/services/T0/B0', '/services/T0', 'ok']);
  assert.equal(mask('ok'), 'ok');
  assert.equal(mask('a s3cr"et, and s3cr"et'), 'a ***, and ***');
  assert.equal(mask(JSON.stringify({ k: 's3cr"et' })), '{"k":"***"}');
  assert.equal(mask(String.raw`{"path":"\/services\/T0\/B0"}`), '{"path":"***"}');
  assert.equal(mask('no /services/T0/B0 here'), 'no *** here');
  assert.equal(mask('nothing to hide'), 'nothing to hide');
  assert.equal(secretMask([])('anything at all'), 'anything at all');
});

test('property: wherever a reply is cut off, no more than the first five characters of a secret are left', () => {
  const secret = 'abcabcabd-S3CRET-0123456789';
  const mask = secretMask([secret]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: secret.length }), (kept) => {
      const reply = `${'x'.repeat(maxReplyBytes - kept)}${secret.slice(0, kept)}`;
      assert.doesNotMatch(mask(reply), /abcabc|S3CRET/);
    }),
  );
});
