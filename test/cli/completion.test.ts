import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../support/temp-dir.ts';
import { cli } from './world.ts';

/** What bash would offer after these words, the last of which is being typed. */
function offered(script: string, ...words: string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const { stdout, stderr } = spawnSync(
    'bash',
    [
      '-c',
      `${script}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _auditsink; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
    { encoding: 'utf8' },
  );
  assert.equal(stderr, '');
  return stdout.split('\n').filter((word) => word !== '');
}

test('bash completes commands, options and words', async () => {
  const { code, stdout: script } = await cli(['completion', 'bash']);
  assert.equal(code, 0);
  assert.deepEqual(offered(script, 'auditsink', 'de'), ['deliveries', 'demo']);
  assert.deepEqual(offered(script, 'auditsink', 'replay', '--d'), ['--dead', '--dry-run']);
  assert.deepEqual(offered(script, 'auditsink', 'verify', '--signature', 'fl'), [
    'flipt',
    'flipper',
    'flagsmith',
  ]);
  assert.deepEqual(offered(script, 'auditsink', 'completion', ''), ['bash', 'zsh', 'fish', '--help']);
});

for (const shell of ['zsh', 'fish']) {
  test(`${shell} completion knows every command and its options`, async (t) => {
    const { code, stdout: script } = await cli(['completion', shell]);
    assert.equal(code, 0);
    for (const word of [
      'run',
      'deliveries',
      'replay',
      'dry-run',
      'listen',
      'fail-first',
      'standard-webhooks',
    ]) {
      assert.ok(script.includes(word), word);
    }
    const file = join(tempDir(t), 'script');
    writeFileSync(file, script);
    const { status, error, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    if (error !== undefined) t.diagnostic(`${shell} is not installed: its syntax was not checked`);
    else assert.equal(status, 0, stderr);
  });
}
