import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

/** Whether an address to listen on is reached from this machine only. */
export function isLoopback(host: string): boolean {
  const bare = withoutBrackets(host.toLowerCase());
  if (bare === 'localhost' || bare === '::1') return true;
  const v4 = bare.startsWith('::ffff:') ? bare.slice('::ffff:'.length) : bare;
  return isIP(v4) === 4 && v4.startsWith('127.');
}

/**
 * Whether a request's Host header may have been meant for a listener on `listenHost`. On loopback it must name
 * this machine, any port: a page in a browser on the same machine could else reach us under its own site's name
 * once that name resolves to 127.0.0.1 (DNS rebinding). Elsewhere any name may lead here, and the token protects.
 */
export function hostAllowed(header: string | undefined, listenHost: string): boolean {
  if (!isLoopback(listenHost)) return true;
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]/@]+)(?::\d{1,5})?$/.exec(header?.toLowerCase() ?? '');
  if (match === null) return false;
  const name = withoutBrackets(match[1] ?? '');
  return (
    name === 'localhost' ||
    name === '127.0.0.1' ||
    name === '::1' ||
    name === withoutBrackets(listenHost.toLowerCase())
  );
}

/** Whether an Authorization header carries the token as Bearer (RFC 6750 §2.1). */
export type TokenCheck = (header: string | undefined) => boolean;

/** Both sides are hashed first, so that the time of the comparison tells neither the token nor its length. */
export function tokenCheck(token: string): TokenCheck {
  const expected = sha256(token);
  return (header) => {
    const match = /^bearer +([^\s]+) *$/i.exec(header ?? '');
    return timingSafeEqual(sha256(match?.[1] ?? ''), expected) && match !== null;
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
