import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { partialsDirOf } from './sink-plan.ts';

/** Changes when a partial of this config changes. */
export function partialsFingerprint(configFile: string): string {
  const dir = partialsDirOf(configFile);
  if (dir === null) return '';
  const digest = createHash('sha256');
  for (const name of readdirSync(dir).sort()) {
    if (name.endsWith('.hbs')) digest.update(name).update(readFileSync(join(dir, name)));
  }
  return digest.digest('hex');
}
