import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { HmacKey } from '../../src/core/signature/hmac.ts';

test('the fast HMAC is HMAC', () => {
  const message = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 3000 }));
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 150 }),
      fc.string({ maxLength: 30 }),
      message,
      (key, prefix, body) => {
        const expected = createHmac('sha256', key).update(prefix).update(body);
        const hmac = new HmacKey(key);
        hmac.digest('a longer one before', 'x'.repeat(2000), 'hex');
        assert.equal(hmac.digest(prefix, body, 'hex'), expected.digest('hex'));
      },
    ),
  );
  const key = new HmacKey(Buffer.from('k'));
  for (const length of [0, 1, 1023, 1024, 1025, 5461, 5462, 16_384, 16_385, 100_000]) {
    for (const body of ['é'.repeat(length), Buffer.alloc(length, 7)]) {
      assert.equal(
        key.digest('p', body, 'base64'),
        createHmac('sha256', 'k').update('p').update(body).digest('base64'),
      );
    }
  }
});
