import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AuditsinkError } from '../../src/core/errors.ts';
import { signatureNames, type SignatureSetting } from '../../src/core/policy.ts';
import { sampleTexts } from '../../src/core/samples.ts';
import type { Verdict } from '../../src/core/signature/scheme.ts';
import { signatureScheme } from '../../src/core/signature/schemes.ts';
import { templateProblem } from '../../src/core/signature/template.ts';
import { check, sign, specBody, specId, specV1, specV1a, whsec, whsk } from './signature-world.ts';

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

test('a template must hold a signature and nothing unknown', () => {
  assert.equal(templateProblem('sha256={{hmac}}'), undefined);
  assert.equal(templateProblem('{{ hmac_base64 }}'), undefined);
  assert.match(templateProblem('sha256=') ?? '', /holds no signature/);
  assert.match(templateProblem('{{hmac}} {{secret}}') ?? '', /\{\{secret\}\} is unknown/);
  assert.match(templateProblem('{{hmac}}\n') ?? '', /no header can carry/);
  const setting: SignatureSetting = { scheme: 'template', header: 'X', value: 'nothing', secrets: ['s'] };
  assert.throws(() => signatureScheme(setting), AuditsinkError);
});
