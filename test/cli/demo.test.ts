import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { slackLines } from '../../src/cli/demo/slack-text.ts';
import { plain } from '../../src/cli/style.ts';
import { cliFile, eventually, tempDir } from './world.ts';

/** `demo` as a process of its own, as `npm start` runs it. */
function start(t: TestContext, args: readonly string[]) {
  const dir = tempDir(t);
  const child = spawn(process.execPath, [cliFile, 'demo', ...args], {
    env: { ...process.env, TMPDIR: dir, SLACK_WEBHOOK_URL: 'http://127.0.0.1:1/real' },
  });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close') as Promise<[code: number | null]>;
  return { child, dir, ended, output: () => output };
}

test('demo --events 3 shows events, messages, retries and verdicts, and leaves nothing behind', async (t) => {
  const { dir, ended, output } = start(t, ['--events', '3', '--interval', '50ms']);
  const [code] = await ended;
  assert.equal(code, 0, output());
  assert.match(output(), /\n#1 {2}flag created {2}new-checkout {2}in production {2}by Alice\n/);
  assert.match(output(), /#1 slack +✓ delivered {2}HTTP 200 .*\n +│ ✨ Alice created flag new-checkout/);
  assert.match(output(), /#1 flipt-webhook +✗ attempt 1: HTTP 503/);
  assert.match(output(), /#1 flipt-webhook +✗ attempt 2: HTTP 503/);
  assert.match(output(), /#1 flipt-webhook +✓ delivered {2}HTTP 200 {2}.*signed ✓ {2}at attempt 3\n/);
  assert.match(output(), /#2 production-changes +– not for this sink\n/);
  assert.match(
    output(),
    /\n3 events read, 1 log line skipped, 8 deliveries made, 2 attempts failed, 0 dead\./,
  );
  assert.deepEqual(readdirSync(dir), []);
});

test('Ctrl-C ends the demo cleanly', async (t) => {
  const { child, dir, ended, output } = start(t, []);
  await eventually(() => (output().includes('✓ delivered') ? true : undefined), output);
  child.kill('SIGINT');
  const [code] = await ended;
  assert.equal(code, 0, output());
  assert.match(output(), /\n1 event read|\n\d+ events read/);
  assert.deepEqual(readdirSync(dir), []);
});

test('the demo ends cleanly when nobody reads it any more', (t) => {
  const dir = tempDir(t);
  const { stderr } = spawnSync(
    'sh',
    ['-c', '"$0" "$1" demo --interval 50ms | head -8', process.execPath, cliFile],
    {
      encoding: 'utf8',
      env: { ...process.env, TMPDIR: dir },
    },
  );
  assert.equal(stderr, '');
  assert.deepEqual(readdirSync(dir), []);
});

test('a Slack message is shown as a person would read it', () => {
  const message = {
    text: 'only for notifications',
    blocks: [
      {
        type: 'section',
        text: { type: 'mrkdwn', text: ':sparkles: *bold* &lt;b&gt; <https://x.test|a link>' },
      },
      { type: 'section', fields: [{ type: 'mrkdwn', text: '<!date^1768469400^{date}|today>' }] },
    ],
    attachments: [{ blocks: [{ type: 'context', elements: [{ text: 'one' }, { text: 'two\u001b[2J' }] }] }],
  };
  assert.deepEqual(slackLines(JSON.stringify(message), plain), [
    '✨ bold <b> a link',
    'today',
    'one two\\u001b[2J',
  ]);
  assert.deepEqual(slackLines('{"text": "hello :unknown:"}', plain), ['hello :unknown:']);
  assert.equal(slackLines('{"a": 1}', plain), undefined);
  assert.equal(slackLines('plain', plain), undefined);
});
