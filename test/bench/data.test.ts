import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { auditLine, markedNumbers, writeLog } from '../../bench/data.ts';
import { createDecoder } from '../../src/core/formats/decoder.ts';

test('every line of the log is a Flipt event that carries its number once', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'auditsink-bench-test-'));
  try {
    const path = join(dir, 'audit.log');
    // More than one chunk of a mebibyte.
    const count = 4000;
    await writeLog(path, count);
    const lines = readFileSync(path, 'utf8').split('\n');
    assert.equal(lines.pop(), '');
    assert.equal(lines.length, count);
    const decode = createDecoder('flipt', 'flipt');
    for (const [n, line] of lines.entries()) {
      assert.equal(decode(line, () => 'id').kind, 'event');
      assert.deepEqual([...markedNumbers(Buffer.from(line))], [n]);
    }
    const mean = lines.join('').length / count;
    assert.ok(mean > 350 && mean < 450, `lines of ${mean} bytes`);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('the numbers of a batch are found in order, and what only looks like one is not', () => {
  const body = ['evt-', auditLine(7), 'evt-12345678x', auditLine(3), auditLine(123_456_789)].join('\n');
  assert.deepEqual([...markedNumbers(Buffer.from(body))], [7, 3, 123_456_789]);
  assert.deepEqual([...markedNumbers(Buffer.from(''))], []);
});
