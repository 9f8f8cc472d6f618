import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { AuditsinkError } from '../../src/core/errors.ts';
import type { SignatureSetting } from '../../src/core/policy.ts';
import { sampleTexts } from '../../src/core/samples.ts';
import { signatureScheme } from '../../src/core/signature/schemes.ts';
import { check, sign, specBody, specId, specV1a, whpk, whsec } from './signature-world.ts';

describe('Standard Webhooks and its npm package', () => {
  const setting: SignatureSetting = { scheme: 'standard-webhooks', secrets: [whsec] };
  const nowS = Math.floor(Date.now() / 1000);

  test('the package verifies what we sign', () => {
    const body = sampleTexts[0]?.text ?? '';
    const headers = sign(setting, body, nowS);
    assert.deepEqual(new Webhook(whsec).verify(body, headers), JSON.parse(body));
    const both = sign({ ...setting, secrets: ['whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', whsec] }, body, nowS);
    assert.deepEqual(new Webhook(whsec).verify(body, both), JSON.parse(body));
    assert.throws(() => new Webhook(whsec).verify(`${body} `, headers));
  });

  test('we verify what the package signs', () => {
    const body = '{"größe":"naïve 🚩"}';
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(nowS),
      'webhook-signature': new Webhook(whsec).sign('msg_1', new Date(nowS * 1000), body),
    };
    assert.deepEqual(check(setting, headers, body, nowS), { ok: true });
  });

  test('a public key verifies but cannot sign', () => {
    const headers = { 'webhook-id': specId, 'webhook-timestamp': '1614265330', 'webhook-signature': specV1a };
    const publicOnly: SignatureSetting = { scheme: 'standard-webhooks', secrets: [whpk] };
    assert.deepEqual(check(publicOnly, headers, specBody, 1614265330), { ok: true });
    assert.equal(check(publicOnly, headers, `${specBody} `, 1614265330).ok, false);
    assert.throws(() => signatureScheme(publicOnly).prepare([whpk]), /no secret that can sign/);
  });

  test('secrets that do not decode are refused without showing them', () => {
    for (const secret of ['whsec_not base64!', 'whsec_', 'whsk_AAAA', 'whpk_AAAA', 'plain text']) {
      const attempt = (): unknown => signatureScheme(setting).prepare([secret]);
      assert.throws(
        attempt,
        (error: Error) => error instanceof AuditsinkError && !error.message.includes('not base64!'),
      );
    }
  });

  test('an id with a dot is never signed', () => {
    const signer = signatureScheme(setting).prepare([whsec]);
    assert.throws(() => signer.headers({ id: 'a.b', timestampS: 1, body: '' }), TypeError);
  });

  test('a header of many signatures is not worth much time', () => {
    const headers = {
      'webhook-id': 'a',
      'webhook-timestamp': String(nowS),
      'webhook-signature': 'v1a,A '.repeat(2500),
    };
    assert.equal(check({ ...setting, secrets: [whpk] }, headers, 'x', nowS).ok, false);
  });
});
