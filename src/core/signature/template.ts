import type { SignatureSetting } from '../policy.ts';
import { AuditsinkError } from '../errors.ts';
import { hmacKeys } from './body-hmac.ts';
import { matchesAny } from './compare.ts';
import type { SignatureScheme } from './scheme.ts';

const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g;

/**
 * A header of the operator's own, such as `sha256={{hmac}}`. `{{hmac}}` is hexadecimal, `{{hmac_base64}}` is
 * base64, both of the raw body. Throws AuditsinkError('config') when the value holds neither, or anything else
 * in braces.
 */
export function templateScheme(setting: Extract<SignatureSetting, { scheme: 'template' }>): SignatureScheme {
  const { header, value } = setting;
  const problem = templateProblem(value);
  if (problem !== undefined)
    throw new AuditsinkError('config', `signature for the header ${header}: ${problem}`);
  const headerKey = header.toLowerCase();
  return {
    name: 'template',
    checkSecrets: (secrets) => void hmacKeys(header, secrets),
    prepare(secrets) {
      const [key] = hmacKeys(header, secrets);
      return {
        headers: ({ body }) => [[header, fill(value, (encoding) => key.digest('', body, encoding))]],
      };
    },
    verify({ headers, body, secrets }) {
      const given = headers(headerKey);
      if (given === undefined || given === '')
        return { ok: false, reason: `the header ${header} is missing` };
      const keys = hmacKeys(header, secrets);
      const expected = keys.map((key) => fill(value, (encoding) => key.digest('', body, encoding)));
      if (matchesAny(given, expected)) return { ok: true };
      return {
        ok: false,
        reason: `the signature in ${header} is wrong: another secret, or the body was changed`,
      };
    },
  };
}

/** What is wrong with a header template, for the config check; undefined when it can be used. */
export function templateProblem(value: string): string | undefined {
  let signs = false;
  for (const [, name] of value.matchAll(placeholder)) {
    if (name !== 'hmac' && name !== 'hmac_base64')
      return `{{${name}}} is unknown; use {{hmac}} or {{hmac_base64}}`;
    signs = true;
  }
  if (!signs) return 'the value holds no signature; write for example sha256={{hmac}}';
  return /[^\t\x20-\x7e]/.test(value) ? 'the value holds characters that no header can carry' : undefined;
}

function fill(value: string, digest: (encoding: 'hex' | 'base64') => string): string {
  return value.replace(placeholder, (_, name: string) => digest(name === 'hmac' ? 'hex' : 'base64'));
}
