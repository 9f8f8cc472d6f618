import type { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { AuditsinkError } from '../../core/errors.ts';
import type { SignatureSetting } from '../../core/policy.ts';
import { matchesAny } from '../../core/signature/compare.ts';
import type { Verdict } from '../../core/signature/scheme.ts';
import { signatureScheme } from '../../core/signature/schemes.ts';

export type VerifySetting = SignatureSetting | { scheme: 'bearer'; secrets: readonly string[] } | null;

/** Checks who sends: some by their headers alone, before a body is read, the others by its bytes. */
export interface Authoriser {
  headers(headers: IncomingHttpHeaders): Verdict;
  body(headers: IncomingHttpHeaders, body: Buffer, nowS: number): Verdict;
}

const passed: Verdict = { ok: true };

/** Throws AuditsinkError('config') for a secret the scheme cannot use. */
export function createAuthoriser(setting: VerifySetting): Authoriser {
  if (setting === null) return { headers: () => passed, body: () => passed };
  const { secrets } = setting;
  if (setting.scheme === 'bearer') {
    if (secrets.length === 0 || secrets.includes('')) {
      throw new AuditsinkError('config', 'verify bearer: the token is empty; give one');
    }
    return { headers: (headers) => checkBearer(headers.authorization, secrets), body: () => passed };
  }
  const scheme = signatureScheme(setting);
  scheme.checkSecrets(secrets);
  return {
    headers: () => passed,
    body(headers, body, nowS) {
      const header = (name: string): string | undefined => {
        const value = headers[name];
        return Array.isArray(value) ? value.join(', ') : value;
      };
      return scheme.verify({ headers: header, body, secrets, nowS });
    },
  };
}

function checkBearer(authorization: string | undefined, secrets: readonly string[]): Verdict {
  if (authorization === undefined) return { ok: false, reason: 'the header Authorization is missing' };
  // Unleash sends what was typed into its form, so the bare token is taken too.
  const token = /^bearer +/i.test(authorization) ? authorization.replace(/^bearer +/i, '') : authorization;
  return matchesAny(token.trim(), secrets)
    ? passed
    : { ok: false, reason: 'the token in Authorization is wrong' };
}
