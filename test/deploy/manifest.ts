import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { loadPlans } from '../../src/app/load.ts';
import type { Config } from '../../src/config/config.ts';
import { systemClock } from '../../src/core/clock.ts';
import { formatProblem } from '../../src/core/problem.ts';
import { tempDir } from '../support/temp-dir.ts';

export const root = join(import.meta.dirname, '../..');

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** A value inside a parsed YAML document, by keys and positions. Fails where there is none. */
export function at(value: unknown, ...path: Array<string | number>): unknown {
  let found = value;
  for (const key of path) {
    found = (found as Record<string | number, unknown> | undefined)?.[key];
    assert.ok(found !== undefined, `nothing at ${path.join('.')}`);
  }
  return found;
}

/**
 * Loads a config that is written for inside the image, with its templates compiled: the shipped templates and the
 * given secrets are put where this machine has them.
 */
export async function loadInImage(
  t: TestContext,
  text: string,
  given: { env?: NodeJS.ProcessEnv; secrets?: Record<string, string> } = {},
): Promise<Config> {
  const dir = tempDir(t);
  const secrets = join(dir, 'secrets');
  mkdirSync(secrets);
  for (const [name, value] of Object.entries(given.secrets ?? {})) writeFileSync(join(secrets, name), value);
  const file = join(dir, 'config.yaml');
  writeFileSync(
    file,
    text
      .replaceAll('/opt/auditsink/templates', join(root, 'templates'))
      .replaceAll('/run/secrets/auditsink', secrets),
  );
  const loaded = await loadPlans(file, given.env ?? {}, systemClock);
  assert.deepEqual(loaded.problems.map(formatProblem), []);
  return loaded.ok ? loaded.config : assert.fail();
}
