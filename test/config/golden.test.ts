import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { formatProblem } from '../../src/core/problem.ts';
import { loadConfig } from '../../src/config/load.ts';

const folder = join(import.meta.dirname, '..', 'golden', 'config');

/** Values as an operator might have them; none of them may ever be printed. */
const env = {
  BAD_DURATION: 's3crET-duration',
  BAD_GLOB: 's3crET[',
  TWO_LINES: 's3crET\nsecond',
  EVENTS: 's3crET:created',
};

for (const name of readdirSync(folder).filter((file) => file.endsWith('.yaml'))) {
  test(`config mistakes: ${name}`, async () => {
    const file = join(folder, name);
    const loaded = await loadConfig(relative(process.cwd(), file), env);
    const shown = loaded.problems.map((problem) => formatProblem({ ...problem, file: name })).join('\n\n');
    const golden = file.replace(/\.yaml$/, '.txt');
    if (process.env['AUDITSINK_UPDATE_GOLDEN'] === '1') writeFileSync(golden, `${shown}\n`);

    assert.equal(`${shown}\n`, readFileSync(golden, 'utf8'));
    assert.doesNotMatch(shown, /s3crET/, 'no secret is shown');
    const errors = loaded.problems.filter(({ severity }) => severity === 'error').length;
    assert.equal(loaded.config === null, errors > 0);
    assert.ok(loaded.problems.length > 0, 'this file is here for its mistakes');
  });
}
