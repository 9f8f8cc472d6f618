import { Buffer } from 'node:buffer';
import { AuditsinkError } from '../errors.ts';
import type { SignatureName } from '../policy.ts';
import { matchesAny } from './compare.ts';
import { HmacKey } from './hmac.ts';
import type { SignatureScheme } from './scheme.ts';

/**
 * A scheme that signs nothing but the raw body and sends one hexadecimal value: no timestamp, and no way to
 * carry a second signature, so that while rotating the newest secret signs and each of them verifies.
 */
export function bodyHmacScheme(options: {
  name: SignatureName;
  header: string;
  prefix: string;
}): SignatureScheme {
  const { name, header, prefix } = options;
  const headerKey = header.toLowerCase();
  return {
    name,
    checkSecrets: (secrets) => void hmacKeys(name, secrets),
    prepare(secrets) {
      const [key] = hmacKeys(name, secrets);
      return { headers: ({ body }) => [[header, prefix + key.digest('', body, 'hex')]] };
    },
    verify({ headers, body, secrets }) {
      const value = headers(headerKey);
      if (value === undefined || value === '')
        return { ok: false, reason: `the header ${header} is missing` };
      const expected = hmacKeys(name, secrets).map((key) => prefix + key.digest('', body, 'hex'));
      if (matchesAny(value, expected)) return { ok: true };
      if (!value.startsWith(prefix))
        return { ok: false, reason: `the header ${header} does not begin with ${prefix}` };
      return {
        ok: false,
        reason: `the signature in ${header} is wrong: another secret, or the body was changed`,
      };
    },
  };
}

/** Prepared keys by the list they came from, since a source verifies each request with the same list. */
const prepared = new WeakMap<readonly string[], HmacKeys>();

/** At least one key, the newest first. */
export type HmacKeys = readonly [HmacKey, ...HmacKey[]];

/**
 * HMAC keys of secrets that are used as they are written, in UTF-8. Throws AuditsinkError('config') when there
 * is none, or an empty one.
 */
export function hmacKeys(scheme: string, secrets: readonly string[]): HmacKeys {
  const found = prepared.get(secrets);
  if (found !== undefined) return found;
  const [newest, ...older] = secrets;
  if (newest === undefined)
    throw new AuditsinkError('config', `signature ${scheme}: there is no secret; give one`);
  if (secrets.includes(''))
    throw new AuditsinkError('config', `signature ${scheme}: a secret is empty; give one`);
  const keys: HmacKeys = [keyOf(newest), ...older.map(keyOf)];
  prepared.set(secrets, keys);
  return keys;
}

function keyOf(secret: string): HmacKey {
  return new HmacKey(Buffer.from(secret));
}
