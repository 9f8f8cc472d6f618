import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { AuditsinkError } from '../../src/core/errors.ts';
import { signatureNames, type SignatureSetting } from '../../src/core/policy.ts';
import { sampleTexts } from '../../src/core/samples.ts';
import { HmacKey } from '../../src/core/signature/hmac.ts';
import type { Verdict } from '../../src/core/signature/scheme.ts';
import { signatureScheme } from '../../src/core/signature/schemes.ts';
import { templateProblem } from '../../src/core/signature/template.ts';

function sample(name: string): string {
  return sampleTexts.find((candidate) => candidate.name === name)?.text ?? assert.fail(`no sample ${name}`);
}

interface Golden {
  what: string;
  setting: SignatureSetting;
  body: string;
  id?: string;
  timestampS?: number;
  headers: Record<string, string>;
}

const whsec = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const whsk = 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==';
const whpk = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=';
const specId = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const specBody = '{"test": 2432232314}';
const specV1 = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const specV1a =
  'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==';
const oldV1 = 'v1=fe6714bc5f3ea2024bbe25e5b496631d998d1fffaf8b9c5bc3d6127218562dcf';
const newV1 = 'v1=55e332747a5a651951718c0dccd7a55fcaab4bb9ab768747a09ffdc4a3ed5efc';

/** Worked examples of the systems' own documents and tests, byte for byte. */
const golden: readonly Golden[] = [
  {
    what: 'Flipt, its own client_test.go',
    setting: { scheme: 'flipt', secrets: ['s3crET'] },
    body: '{"version":"","type":"flag","action":"create","metadata":{},"payload":null,"timestamp":"","status":""}',
    headers: {
      'X-Flipt-Webhook-Signature': '6bc16d7434cbd746abfd25e3350a3f43fba04883b7f0b83f09bbc373116f84b0',
    },
  },
  {
    what: 'Flipt, a flag that was created',
    setting: { scheme: 'flipt', secrets: ['s3crET'] },
    body: sample('flipt.flag.created'),
    headers: {
      'X-Flipt-Webhook-Signature': '9212b68a2bdecab76ab5b8ea0815f21ce407b952b75320b24519a63412b88152',
    },
  },
  {
    what: 'Flipt, version 0.1',
    setting: { scheme: 'flipt', secrets: ['flipt-secret'] },
    body: '{"version":"0.1","type":"flag","action":"updated"}',
    headers: {
      'X-Flipt-Webhook-Signature': '21e319b014864b8553c4d64d9913aac8038ff16e09e2687357bb86844dea42d8',
    },
  },
  {
    what: 'Flipper Cloud',
    setting: { scheme: 'flipper', secrets: ['flipper-secret'] },
    body: sample('flipper.sync'),
    timestampS: 1700000000,
    headers: { 'Flipper-Cloud-Signature': `t=1700000000,${oldV1}` },
  },
  {
    what: 'Flipper Cloud while rotating',
    setting: { scheme: 'flipper', secrets: ['new-secret', 'flipper-secret'] },
    body: sample('flipper.sync'),
    timestampS: 1700000000,
    headers: { 'Flipper-Cloud-Signature': `t=1700000000,${newV1},${oldV1}` },
  },
  {
    what: 'Rollgate',
    setting: { scheme: 'rollgate', secrets: ['rollgate-secret'] },
    body: sample('rollgate.flag.toggled'),
    headers: {
      'X-Rollgate-Signature': 'sha256=1a2c10c95aa03aeb0dfcb0c66fd1ee29528e5373e57b2379d7e2f4f1c3a6b343',
    },
  },
  {
    what: "Flagsmith, the environment's test button",
    setting: { scheme: 'flagsmith', secrets: ['flagsmith-secret'] },
    body: sample('flagsmith.flag_updated.test_button'),
    headers: { 'X-Flagsmith-Signature': '5dd903a4921ec698d2cf92fb9935e97a7d6cfc578d1c16361fee9b433c6cf54c' },
  },
  {
    what: "Flagsmith, the organisation's test button",
    setting: { scheme: 'flagsmith', secrets: ['flagsmith-secret'] },
    body: sample('flagsmith.audit_log_created.test_button'),
    headers: { 'X-Flagsmith-Signature': 'c20e66697dcb0d31029b4976b27bee3816b32b230b449e0cd00fe8bdf68b0e48' },
  },
  {
    what: 'Flagsmith, a short body',
    setting: { scheme: 'flagsmith', secrets: ['flagsmith-secret'] },
    body: '{"event_type": "FLAG_UPDATED"}',
    headers: { 'X-Flagsmith-Signature': '76e1a14b1e7b53f5815b4a2cd8996db8537755ca3e0c1f235d50617dfe3b6b1a' },
  },
  {
    what: 'Standard Webhooks, the example of the specification',
    setting: { scheme: 'standard-webhooks', secrets: [whsec] },
    body: specBody,
    id: specId,
    timestampS: 1614265330,
    headers: { 'webhook-id': specId, 'webhook-timestamp': '1614265330', 'webhook-signature': specV1 },
  },
  {
    what: 'Standard Webhooks, a flag',
    setting: { scheme: 'standard-webhooks', secrets: [whsec] },
    body: '{"type":"flag.updated","timestamp":"2026-01-25T12:00:00Z","data":{"key":"new-checkout","enabled":true}}',
    id: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
    timestampS: 1674087231,
    headers: {
      'webhook-id': 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
      'webhook-timestamp': '1674087231',
      'webhook-signature': 'v1,HhWALRWRxcaYwigAcSgWfcxtVSJ53zU1VTvql0yIbDw=',
    },
  },
  {
    what: 'Standard Webhooks, Ed25519 beside HMAC',
    setting: { scheme: 'standard-webhooks', secrets: [whsec, whsk] },
    body: specBody,
    id: specId,
    timestampS: 1614265330,
    headers: {
      'webhook-id': specId,
      'webhook-timestamp': '1614265330',
      'webhook-signature': `${specV1} ${specV1a}`,
    },
  },
];

function check(
  setting: SignatureSetting,
  headers: Record<string, string>,
  body: string | Uint8Array,
  nowS = 1700000000,
): Verdict {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return signatureScheme(setting).verify({
    headers: (name) => lower.get(name),
    body: typeof body === 'string' ? Buffer.from(body) : body,
    secrets: setting.secrets,
    nowS,
  });
}

function sign(
  setting: SignatureSetting,
  body: string | Uint8Array,
  timestampS = 1700000000,
): Record<string, string> {
  const signer = signatureScheme(setting).prepare(setting.secrets);
  return Object.fromEntries(signer.headers({ id: 'evt-1', timestampS, body }));
}

for (const { what, setting, body, id = 'evt-1', timestampS = 1700000000, headers } of golden) {
  test(`${what}: signs and verifies as documented`, () => {
    const signer = signatureScheme(setting).prepare(setting.secrets);
    assert.deepEqual(Object.fromEntries(signer.headers({ id, timestampS, body })), headers);
    const bytes = Buffer.from(body);
    assert.deepEqual(Object.fromEntries(signer.headers({ id, timestampS, body: bytes })), headers);
    assert.deepEqual(check(setting, headers, body, timestampS), { ok: true });
    assert.equal(check(setting, headers, `${body} `, timestampS).ok, false, 'another body');
    const other =
      setting.scheme === 'standard-webhooks' ? ['whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'] : ['another'];
    assert.equal(
      check({ ...setting, secrets: other }, headers, body, timestampS).ok,
      false,
      'another secret',
    );
  });
}

const settings: readonly SignatureSetting[] = [
  ...signatureNames.map((scheme): SignatureSetting => ({
    scheme,
    secrets: [scheme === 'standard-webhooks' ? whsec : 'secret'],
  })),
  { scheme: 'standard-webhooks', secrets: [whsk] },
  { scheme: 'template', header: 'X-Hub-Signature-256', value: 'sha256={{hmac}}', secrets: ['secret'] },
  { scheme: 'template', header: 'X-Own', value: 'v=1, s={{ hmac_base64 }}', secrets: ['secret'] },
];

for (const setting of settings) {
  const name = setting.scheme === 'template' ? `template ${setting.value}` : setting.scheme;
  describe(`${name} with ${setting.secrets[0]?.slice(0, 6)}`, () => {
    test('what it signs it verifies, whatever the body', () => {
      fc.assert(
        fc.property(fc.uint8Array(), (body) => {
          assert.deepEqual(check(setting, sign(setting, body), body), { ok: true });
        }),
      );
    });

    test('a changed signature, body or header is refused, and never with an exception', () => {
      const body = 'the body';
      const headers = sign(setting, body);
      fc.assert(
        fc.property(
          fc.constantFrom(...Object.keys(headers)),
          fc.string({ unit: 'binary' }),
          (header, value) => {
            fc.pre(headers[header] !== value);
            const verdict = check(setting, { ...headers, [header]: value }, body);
            assert.equal(verdict.ok, false);
            assert.ok(!verdict.ok && verdict.reason !== '' && !verdict.reason.includes('secret='));
          },
        ),
      );
      for (const [header, value] of Object.entries(headers)) {
        for (const wrong of [
          value.slice(0, -1),
          value.slice(1),
          `${value}0`,
          `,${value},,==,`,
          '',
          ',',
          '=',
          't=,v1=',
        ]) {
          if (wrong.includes(value)) continue; // some schemes allow other items beside theirs
          assert.equal(
            check(setting, { ...headers, [header]: wrong }, body).ok,
            false,
            `${header}: ${wrong}`,
          );
        }
      }
    });

    test('each missing header is named', () => {
      const headers = sign(setting, 'x');
      for (const header of Object.keys(headers)) {
        const { [header]: _, ...rest } = headers;
        assert.deepEqual(check(setting, rest, 'x'), { ok: false, reason: `the header ${header} is missing` });
      }
    });

    test('an old secret still verifies while the receiver rotates', () => {
      const newer =
        setting.scheme === 'standard-webhooks' ? 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' : 'newer';
      const rotated = { ...setting, secrets: [newer, ...setting.secrets] };
      assert.deepEqual(check(rotated, sign(setting, 'x'), 'x'), { ok: true });
      assert.deepEqual(check(setting, sign({ ...setting, secrets: [newer] }, 'x'), 'x').ok, false);
    });

    test('a secret that cannot be used is an error of the config', () => {
      const isConfigError = (error: unknown): boolean =>
        error instanceof AuditsinkError && error.code === 'config';
      for (const secrets of [[], [''], ['ok', '']]) {
        assert.throws(
          () => signatureScheme(setting).prepare(secrets),
          isConfigError,
          JSON.stringify(secrets),
        );
      }
    });
  });
}

describe('time', () => {
  const at = 1700000000;
  const flipper: SignatureSetting = { scheme: 'flipper', secrets: ['s'] };
  const standard: SignatureSetting = { scheme: 'standard-webhooks', secrets: [whsec] };

  test('Flipper: 300 s into the past, any time in the future', () => {
    const headers = sign(flipper, 'x', at);
    assert.equal(check(flipper, headers, 'x', at + 300).ok, true);
    const late = check(flipper, headers, 'x', at + 301);
    assert.deepEqual(late, { ok: false, reason: 'the signature is too old: 301 s, 300 s are allowed' });
    assert.equal(check(flipper, headers, 'x', at - 3600).ok, true);
  });

  test('Standard Webhooks: 300 s both ways', () => {
    const headers = sign(standard, 'x', at);
    assert.equal(check(standard, headers, 'x', at + 300).ok, true);
    assert.equal(check(standard, headers, 'x', at - 300).ok, true);
    assert.deepEqual(check(standard, headers, 'x', at + 301), {
      ok: false,
      reason: 'the timestamp is too old: 301 s, 300 s are allowed',
    });
    assert.deepEqual(check(standard, headers, 'x', at - 301), {
      ok: false,
      reason: 'the timestamp is too far in the future: 301 s, 300 s are allowed',
    });
  });

  test("a tolerance of the caller replaces the scheme's", () => {
    const headers = sign(flipper, 'x', at);
    const scheme = signatureScheme(flipper);
    const input = {
      headers: () => headers['Flipper-Cloud-Signature'],
      body: Buffer.from('x'),
      secrets: ['s'],
    };
    assert.equal(scheme.verify({ ...input, nowS: at + 20, toleranceS: 10 }).ok, false);
    assert.equal(scheme.verify({ ...input, nowS: at + 1e6, toleranceS: 1e7 }).ok, true);
  });
});

describe('Flipper', () => {
  test('other items beside the timestamp and the signatures are ignored', () => {
    const setting: SignatureSetting = { scheme: 'flipper', secrets: ['flipper-secret'] };
    const body = sample('flipper.sync');
    const header = (value: string): Verdict => check(setting, { 'Flipper-Cloud-Signature': value }, body);
    assert.equal(header(`v0=x, t=1700000000 , v1=00,${oldV1}, t=5`).ok, true);
    assert.equal(header(`t=1700000000,${oldV1.toUpperCase()}`).ok, false);
    assert.equal(header(`t=x,${oldV1}`).ok, false);
    assert.equal(header('t=1700000000').ok, false);
  });
});

describe('Standard Webhooks and its npm package', () => {
  const setting: SignatureSetting = { scheme: 'standard-webhooks', secrets: [whsec] };
  const nowS = Math.floor(Date.now() / 1000);

  test('the package verifies what we sign', () => {
    const body = sample('flipt.flag.created');
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

test('a template must hold a signature and nothing unknown', () => {
  assert.equal(templateProblem('sha256={{hmac}}'), undefined);
  assert.equal(templateProblem('{{ hmac_base64 }}'), undefined);
  assert.match(templateProblem('sha256=') ?? '', /holds no signature/);
  assert.match(templateProblem('{{hmac}} {{secret}}') ?? '', /\{\{secret\}\} is unknown/);
  assert.match(templateProblem('{{hmac}}\n') ?? '', /no header can carry/);
  const setting: SignatureSetting = { scheme: 'template', header: 'X', value: 'nothing', secrets: ['s'] };
  assert.throws(() => signatureScheme(setting), AuditsinkError);
});

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
