import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { JournalWorld } from './journal-world.ts';
import { cli, receiver } from './world.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const docs = readFileSync(join(root, 'docs', 'commands.md'), 'utf8');

interface Example {
  command: string;
  expected: string;
  code: number;
}

/** Blocks marked `console`: a command and all that it prints. */
function examples(): Example[] {
  return Array.from(
    docs.matchAll(/^```console\n\$ auditsink (.*)\n([^]*?)^```$/gm),
    ([, command = '', text = '']) => {
      const code = /^\(exit code (\d+)\)\n/m.exec(text)?.[1] ?? '0';
      return { command, expected: text.replace(/^\(exit code \d+\)\n/m, ''), code: Number(code) };
    },
  );
}

/** Words as a shell would split them; the docs use nothing but single quotes. */
function words(command: string): string[] {
  return Array.from(command.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? '');
}

/** `…` stands for anything. */
function pattern(expected: string): RegExp {
  const literal = expected.split('…').map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  // The width of a column differs with what stands in it, and so does a caret's place in it.
  return new RegExp(`^${literal.join('[^]*?').replaceAll(/ {2,}/g, ' {2,}')}$`);
}

test('every documented example does what the docs say', async (t) => {
  const world = await JournalWorld.create(t, ['slack', 'flipt-webhook', 'production-changes']);
  const dir = dirname(world.config);
  copyFileSync(join(root, 'config.example.yaml'), world.config);
  symlinkSync(join(root, 'templates'), join(dir, 'templates'));
  const line =
    '{"version":"0.2","type":"flag","action":"updated","status":"success","metadata":{"actor":{"name":"Alice"}},"payload":{"key":"new-checkout","namespace_key":"default"},"timestamp":"2026-01-15T09:30:00Z"}';
  await world.accept(['41ba00f9-01'], () => line);
  await world.record('slack', '41ba00f9-01', 'delivered');
  const notFound = { status: 404, errorClass: 'status', reason: 'HTTP 404', reply: 'no such hook' };
  await world.record('flipt-webhook', '41ba00f9-01', 'dead', [{}, notFound]);
  writeFileSync(join(dir, 'event.json'), line);
  writeFileSync(join(dir, 'body.json'), '{}');
  writeFileSync(
    join(dir, 'broken.yaml'),
    'sources:\n  - { name: flipt, type: file, path: audit.log }\nsinks:\n  - name: hook\n    url: http://127.0.0.1:1/\n    evnts: ["flag:*"]\n',
  );
  writeFileSync(
    join(dir, 'flipt.yml'),
    'audit:\n  sinks:\n    webhook: { enabled: true, url: https://hooks.example.com/flipt }\n',
  );
  const { origin } = await receiver(t);
  const before = process.cwd();
  process.chdir(dir);
  t.after(() => process.chdir(before));

  for (const { command, expected, code } of examples()) {
    await t.test(command, async () => {
      const result = await cli(words(command), { env: { SLACK_WEBHOOK_URL: `${origin}/slack` } });
      assert.match(result.stdout + result.stderr, pattern(expected));
      assert.equal(result.code, code);
    });
  }
});

test('every command has its section and an example', async () => {
  const { stdout } = await cli([]);
  const commands = Array.from(stdout.matchAll(/^ {2}([a-z-]+) (?=[[< ])/gm), ([, name = '']) => name);
  assert.ok(commands.length > 15);
  for (const command of commands.filter((name) => name !== 'help')) {
    assert.match(
      docs,
      new RegExp(`^## (pause and )?${command}\\b`.replace('(pause and )?pause', 'pause'), 'm'),
    );
    assert.match(docs, new RegExp(`^(\\$ |source <\\()?auditsink ${command}\\b`, 'm'));
  }
});
