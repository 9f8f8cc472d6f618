import { Buffer } from 'node:buffer';
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { AuditsinkError } from '../errors.ts';
import { matchesAny } from './compare.ts';
import { HmacKey } from './hmac.ts';
import type { SignatureScheme, Verdict } from './scheme.ts';
import { parseTimestamp } from './timestamp.ts';

/** The reference libraries refuse what is further off in either direction. */
const defaultToleranceS = 300;
/** A sender rotates between a few keys; a header of thousands of signatures is an attack. */
const maxCandidates = 16;

/**
 * Standard Webhooks 1.0.0 (standardwebhooks.com): `webhook-id`, `webhook-timestamp` and `webhook-signature`,
 * the last with one signature per secret: `v1` (HMAC-SHA256, secrets `whsec_…`) or `v1a` (Ed25519, `whsk_…`
 * signs and verifies, `whpk_…` verifies).
 */
export const standardWebhooks: SignatureScheme = {
  name: 'standard-webhooks',

  checkSecrets(secrets) {
    keysOf(secrets);
  },

  prepare(secrets) {
    const keys = keysOf(secrets);
    if (!keys.some((key) => key.kind === 'hmac' || key.privateKey !== undefined)) {
      throw configError('there is no secret that can sign; give a whsec_ or a whsk_ one');
    }
    return {
      headers({ id, timestampS, body }) {
        // The id is part of the signed text before the first dot: one with a dot could be read two ways.
        if (id === '' || id.includes('.'))
          throw new TypeError('a webhook-id must not be empty or contain a dot');
        const prefix = `${id}.${timestampS}.`;
        const signatures: string[] = [];
        for (const key of keys) {
          if (key.kind === 'hmac') signatures.push(`v1,${key.hmac.digest(prefix, body, 'base64')}`);
          else if (key.privateKey !== undefined) {
            signatures.push(
              `v1a,${sign(null, signedBytes(prefix, body), key.privateKey).toString('base64')}`,
            );
          }
        }
        return [
          ['webhook-id', id],
          ['webhook-timestamp', String(timestampS)],
          ['webhook-signature', signatures.join(' ')],
        ];
      },
    };
  },

  verify({ headers, body, secrets, nowS, toleranceS = defaultToleranceS }): Verdict {
    const id = headers('webhook-id');
    const timestamp = headers('webhook-timestamp');
    const value = headers('webhook-signature');
    for (const [name, given] of [
      ['webhook-id', id],
      ['webhook-timestamp', timestamp],
      ['webhook-signature', value],
    ] as const) {
      if (given === undefined || given === '') return { ok: false, reason: `the header ${name} is missing` };
    }
    if (id === undefined || timestamp === undefined || value === undefined)
      throw new TypeError('unreachable');
    const seconds = parseTimestamp(timestamp);
    if (seconds === undefined)
      return { ok: false, reason: 'the header webhook-timestamp is no number of seconds' };
    if (Math.abs(nowS - seconds) > toleranceS) {
      const off = `${Math.round(Math.abs(nowS - seconds))} s, ${toleranceS} s are allowed`;
      return {
        ok: false,
        reason: `the timestamp is too ${seconds < nowS ? 'old' : 'far in the future'}: ${off}`,
      };
    }
    const prefix = `${id}.${timestamp}.`;
    const keys = keysOf(secrets);
    const expected: string[] = [];
    for (const key of keys) if (key.kind === 'hmac') expected.push(key.hmac.digest(prefix, body, 'base64'));
    for (const candidate of value.split(' ').slice(0, maxCandidates)) {
      if (candidate.startsWith('v1,') && matchesAny(candidate.slice(3), expected)) return { ok: true };
      if (candidate.startsWith('v1a,') && verifiesEd25519(candidate.slice(4), prefix, body, keys))
        return { ok: true };
    }
    return {
      ok: false,
      reason: 'no signature in webhook-signature fits: another secret, or the body was changed',
    };
  },
};

type Key =
  | { kind: 'hmac'; hmac: HmacKey }
  | { kind: 'ed25519'; publicKey: KeyObject; privateKey: KeyObject | undefined };

const prepared = new WeakMap<readonly string[], Key[]>();

function keysOf(secrets: readonly string[]): Key[] {
  const found = prepared.get(secrets);
  if (found !== undefined) return found;
  if (secrets.length === 0) throw configError('there is no secret; give one');
  const keys = secrets.map(parseSecret);
  prepared.set(secrets, keys);
  return keys;
}

/** DER headers that turn raw Ed25519 keys into what node:crypto reads (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

function parseSecret(secret: string): Key {
  if (secret.startsWith('whsk_')) {
    const bytes = decodeBase64(secret.slice(5), 'whsk_');
    // The seed alone, or the seed with the public key behind it as svix-server writes it.
    if (bytes.length !== 32 && bytes.length !== 64)
      throw configError('a whsk_ secret must hold 32 or 64 bytes');
    const der = Buffer.concat([pkcs8Prefix, bytes.subarray(0, 32)]);
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    return { kind: 'ed25519', privateKey, publicKey: createPublicKey(privateKey) };
  }
  if (secret.startsWith('whpk_')) {
    const bytes = decodeBase64(secret.slice(5), 'whpk_');
    if (bytes.length !== 32) throw configError('a whpk_ key must hold 32 bytes');
    const der = Buffer.concat([spkiPrefix, bytes]);
    return {
      kind: 'ed25519',
      privateKey: undefined,
      publicKey: createPublicKey({ key: der, format: 'der', type: 'spki' }),
    };
  }
  const encoded = secret.startsWith('whsec_') ? secret.slice(6) : secret;
  return { kind: 'hmac', hmac: new HmacKey(decodeBase64(encoded, 'whsec_')) };
}

function decodeBase64(encoded: string, prefix: string): Buffer {
  const bytes = Buffer.from(encoded, 'base64');
  // Buffer skips what is no base64; a mistyped secret must be found here and not at the receiver.
  if (bytes.length === 0 || bytes.toString('base64').replace(/=+$/, '') !== encoded.replace(/=+$/, '')) {
    throw configError(`a secret is not ${prefix} and base64; make one with: auditsink secret`);
  }
  return bytes;
}

function verifiesEd25519(encoded: string, prefix: string, body: Uint8Array, keys: readonly Key[]): boolean {
  const signature = Buffer.from(encoded, 'base64');
  // Buffer reads base64 loosely; only the one canonical text is a signature.
  if (signature.length !== 64 || signature.toString('base64') !== encoded) return false;
  const message = signedBytes(prefix, body);
  return keys.some((key) => key.kind === 'ed25519' && verify(null, message, key.publicKey, signature));
}

function signedBytes(prefix: string, body: string | Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(prefix), typeof body === 'string' ? Buffer.from(body) : body]);
}

function configError(problem: string): AuditsinkError {
  return new AuditsinkError('config', `signature standard-webhooks: ${problem}`);
}
