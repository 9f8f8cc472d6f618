import { hmacKeys } from './body-hmac.ts';
import { matchesAny } from './compare.ts';
import type { SignatureScheme } from './scheme.ts';
import { parseTimestamp } from './timestamp.ts';

const header = 'Flipper-Cloud-Signature';
/** flippercloud/flipper#1022: only a timestamp that is too old is refused, one in the future passes. */
const defaultToleranceS = 300;

/**
 * Flipper Cloud: `t=<unix seconds>,v1=<hex>` over `<t>.<body>`, with one `v1` per secret while rotating
 * (flippercloud/flipper `lib/flipper/cloud/message_verifier.rb`).
 */
export const flipper: SignatureScheme = {
  name: 'flipper',

  checkSecrets(secrets) {
    hmacKeys('flipper', secrets);
  },

  prepare(secrets) {
    const keys = hmacKeys('flipper', secrets);
    return {
      headers({ timestampS, body }) {
        const prefix = `${timestampS}.`;
        const signatures = keys.map((key) => `,v1=${key.digest(prefix, body, 'hex')}`);
        return [[header, `t=${timestampS}${signatures.join('')}`]];
      },
    };
  },

  verify({ headers, body, secrets, nowS, toleranceS = defaultToleranceS }) {
    const value = headers(header.toLowerCase());
    if (value === undefined || value === '') return { ok: false, reason: `the header ${header} is missing` };
    const items = value.split(',').map((item) => item.trim());
    const timestamp = items.find((item) => item.startsWith('t='))?.slice(2) ?? '';
    const seconds = parseTimestamp(timestamp);
    if (seconds === undefined) return { ok: false, reason: `the header ${header} has no timestamp t=` };
    const candidates = items.filter((item) => item.startsWith('v1=')).map((item) => item.slice(3));
    if (candidates.length === 0) return { ok: false, reason: `the header ${header} has no signature v1=` };
    const expected = hmacKeys('flipper', secrets).map((key) => key.digest(`${timestamp}.`, body, 'hex'));
    if (!candidates.some((candidate) => matchesAny(candidate, expected))) {
      return { ok: false, reason: `no signature in ${header} fits: another secret, or the body was changed` };
    }
    if (seconds < nowS - toleranceS) {
      return {
        ok: false,
        reason: `the signature is too old: ${Math.round(nowS - seconds)} s, ${toleranceS} s are allowed`,
      };
    }
    return { ok: true };
  },
};
