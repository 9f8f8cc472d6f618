import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';

/** Marks each event, so that the receiver can tell which ones arrived: `evt-` and nine digits. */
export const marker = 'evt-';

const nouns = ['flag', 'segment', 'rule', 'variant', 'constraint', 'rollout', 'distribution', 'namespace'];
const verbs = ['created', 'updated', 'deleted'];

/** One Flipt audit line of about 400 bytes; event `n` carries its number as its key. */
export function auditLine(n: number): string {
  const key = marker + String(n).padStart(9, '0');
  return JSON.stringify({
    version: '0.2',
    type: nouns[n % nouns.length],
    action: verbs[n % verbs.length],
    status: 'success',
    metadata: {
      actor: {
        authentication: 'oidc',
        ip: `10.1.${(n >> 8) & 255}.${n & 255}`,
        email: `person${n % 97}@example.com`,
        name: `Person Number ${n % 97}`,
      },
    },
    payload: {
      description: 'Checkout "v2" for the <autumn> campaign & later',
      enabled: n % 2 === 0,
      key,
      name: 'New checkout',
      namespace_key: n % 3 === 0 ? 'production' : 'default',
    },
    timestamp: '2026-01-15T09:30:00Z',
  });
}

/** Writes `count` lines to a new file. */
export async function writeLog(path: string, count: number): Promise<void> {
  const out = createWriteStream(path);
  let chunk = '';
  for (let n = 0; n < count; n += 1) {
    chunk += `${auditLine(n)}\n`;
    if (chunk.length < 2 ** 20) continue;
    if (!out.write(chunk)) await once(out, 'drain');
    chunk = '';
  }
  out.end(chunk);
  await finished(out);
}

/** Numbers of the events in a body, in the order they stand. */
export function* markedNumbers(body: Buffer): Generator<number> {
  for (let at = body.indexOf(marker); at >= 0; at = body.indexOf(marker, at + marker.length)) {
    const digits = body.toString('latin1', at + marker.length, at + marker.length + 9);
    if (/^\d{9}$/.test(digits)) yield Number(digits);
  }
}
