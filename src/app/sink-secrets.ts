import type { SinkConfig } from '../config/config.ts';

const secretHeaders = /authorization|token|secret|api-?key|password|cookie/i;
/** Shorter parts of a path are words such as `services`. */
const tokenLength = 16;

/** Whether a header of this name could hold a credential. */
export function isSecretHeader(name: string): boolean {
  return secretHeaders.test(name);
}

/** What of a sink must not be kept from a receiver's reply: secrets, credentials, and the URL behind the host. */
export function secretsOf({
  url,
  headers,
  signature,
}: Pick<SinkConfig, 'url' | 'headers' | 'signature'>): string[] {
  const values = Object.entries(headers).flatMap(([name, value]) => (isSecretHeader(name) ? [value] : []));
  return [
    ...(signature?.secrets ?? []),
    // `Bearer token`: a receiver may name the token alone.
    ...values.flatMap((value) => [value, ...value.split(/\s+/).slice(1)]),
    ...secretsOfUrl(new URL(url)),
  ];
}

function secretsOfUrl({ pathname, search, searchParams, username, password }: URL): string[] {
  const tokens = pathname.split('/').filter(({ length }) => length >= tokenLength);
  const parts = [pathname + search, pathname, search.slice(1), ...tokens, username, password];
  return [...parts, ...parts.map(decoded), ...searchParams.values()];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A `%` of its own: there is no other way to write it.
  }
}
