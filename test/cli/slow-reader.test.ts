import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { cliFile, configFile, fliptLine } from './world.ts';

test('a reader that is slower than a second gets the whole output', (t) => {
  const file = configFile(
    t,
    'sources: [{ name: flipt, type: file, path: audit.log }]\nsinks: [{ name: hook, url: "http://127.0.0.1:1/" }]\n',
  );
  const event = join(dirname(file), 'event.json');
  // More than a pipe holds.
  writeFileSync(event, fliptLine('x'.repeat(500_000)));
  const command = '"$0" "$1" render -c "$2" --sink hook --event "$3" | (sleep 2.5; wc -c)';
  const { stdout, stderr } = spawnSync('sh', ['-c', command, process.execPath, cliFile, file, event], {
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  assert.ok(Number(stdout) > 500_000, `${stdout.trim()} bytes`);
});
