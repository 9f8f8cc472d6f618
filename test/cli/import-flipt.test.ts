import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, configFile, tempDir } from './world.ts';

const flipt = `audit:
  sinks:
    log: { enabled: true, file: /var/log/flipt/audit.log }
    webhook:
      enabled: true
      url: https://hooks.example.com/flipt
      signing_secret: sign-with-this
  buffer: { capacity: 5 }
`;

test('import-flipt prints a config that passes check, and notes beside it', async (t) => {
  const { code, stdout, stderr } = await cli(['import-flipt', '-'], { stdin: flipt });
  assert.equal(code, 0);
  assert.match(stderr, /^-:8:3: warning: `audit\.buffer` is not needed/m);
  assert.equal((await cli(['check', '-c', configFile(t, stdout)])).code, 0);
});

test('import-flipt -o writes a new file for nobody else to read', async (t) => {
  const file = configFile(t, flipt);
  const output = join(tempDir(t), 'auditsink.yaml');
  const first = await cli(['import-flipt', file, '-o', output]);
  assert.equal(first.code, 0);
  assert.equal(first.stdout, '');
  assert.match(readFileSync(output, 'utf8'), /hooks\.example\.com/);
  assert.equal(statSync(output).mode & 0o077, 0);
  const again = await cli(['import-flipt', file, '-o', output]);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /cannot write .*: it is there already; name another file/);
});

test('import-flipt of a file without a webhook says so', async () => {
  const { code, stdout, stderr } = await cli(['import-flipt', '-'], { stdin: 'log: { level: info }\n' });
  assert.equal(code, 78);
  assert.equal(stdout, '');
  assert.match(stderr, /there is no webhook in `audit\.sinks\.webhook`/);
});
