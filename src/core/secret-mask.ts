import { maxReplyBytes } from './attempt.ts';

/** Anything shorter stands in replies by chance. */
const minLength = 6;

/**
 * What hides these secrets in the reply of a receiver that echoes its request, as they are or as JSON writes them;
 * also the beginning of one where the reply was cut off within it.
 */
export function secretMask(secrets: readonly string[]): (reply: string) => string {
  const needles = [...new Set(secrets.flatMap(spellings))]
    .filter(({ length }) => length >= minLength)
    // A secret may hold another one.
    .sort((a, b) => b.length - a.length);
  const shortest = needles.at(-1)?.length ?? Infinity;
  return (reply) => {
    if (reply.length < shortest) return reply;
    let masked = withoutCutOff(reply, needles);
    for (const needle of needles) masked = masked.replaceAll(needle, '***');
    return masked;
  };
}

/** PHP's JSON escapes the slash as well. */
function spellings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  return [secret, json, json.replaceAll('/', String.raw`\/`)];
}

function withoutCutOff(reply: string, needles: readonly string[]): string {
  // A character that was cut in two became one of up to three bytes more.
  if (Buffer.byteLength(reply) < maxReplyBytes - 3) return reply;
  for (const needle of needles) {
    const head = needle.slice(0, minLength);
    const from = Math.max(0, reply.length - needle.length + 1);
    for (let at = reply.indexOf(head, from); at !== -1; at = reply.indexOf(head, at + 1)) {
      if (needle.startsWith(reply.slice(at))) return `${reply.slice(0, at)}***`;
    }
  }
  return reply;
}
