import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { loggedMessages } from './logged-messages.ts';

test('docs/logs.md lists exactly the messages that the source logs, with their levels', async () => {
  const doc = await readFile(new URL('../../docs/logs.md', import.meta.url), 'utf8');
  const rows = [...doc.matchAll(/^\| `(.+?)` +\| (debug|info|warn|error) +\|/gm)];
  const documented = rows.map(([, msg, level]) => `${level}: ${msg}`).toSorted();
  const logged = (await loggedMessages()).map(({ level, msg }) => `${level}: ${msg}`);
  assert.ok(logged.length > 20, 'the messages were not found in the source');
  assert.deepEqual(documented, [...new Set(logged)].toSorted());
});
