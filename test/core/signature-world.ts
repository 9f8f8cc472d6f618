import { signatureScheme } from '../../src/core/signature/schemes.ts';
import type { SignatureSetting } from '../../src/core/policy.ts';
import type { Verdict } from '../../src/core/signature/scheme.ts';

/** Verifies as a receiver would, with the headers in any case. */
export function check(
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

export function sign(
  setting: SignatureSetting,
  body: string | Uint8Array,
  timestampS = 1700000000,
): Record<string, string> {
  const signer = signatureScheme(setting).prepare(setting.secrets);
  return Object.fromEntries(signer.headers({ id: 'evt-1', timestampS, body }));
}

/** The example of the specification, and svix-server's for Ed25519. */
export const whsec = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const whsk =
  'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==';
export const whpk = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=';
export const specId = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
export const specBody = '{"test": 2432232314}';
export const specV1 = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
export const specV1a =
  'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==';
