import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { EventEmitter } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { test } from 'node:test';
import { main } from '../../src/cli/main.ts';
import { cli, cliFile } from './world.ts';

const commands = [
  'run',
  'check',
  'render',
  'test',
  'sinks',
  'deliveries',
  'replay',
  'pause',
  'resume',
  'listen',
  'verify',
  'secret',
  'import-flipt',
  'schema',
  'healthcheck',
  'demo',
  'completion',
];

test('auditsink alone prints help with every command', async () => {
  const { code, stdout, stderr } = await cli([]);
  assert.equal(code, 0);
  assert.equal(stderr, '');
  for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
});

for (const command of commands) {
  test(`${command} --help says what it takes`, async () => {
    const { code, stdout } = await cli([command, '--help']);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^Usage: auditsink ${command} `));
  });
}

test('--version is the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  assert.deepEqual(await cli(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

const wrong: ReadonlyArray<readonly [args: string[], told: RegExp]> = [
  [['chek'], /unknown command 'chek'\n\(Did you mean check\?\)/],
  [['check', '--formt', 'json'], /unknown option '--formt'\n\(Did you mean --format\?\)/],
  [['check', '--format', 'xml'], /Allowed choices are text, json/],
  [['check', 'config.yaml'], /too many arguments/],
  [['render'], /required option '--sink <name>' not specified/],
  [['listen', '--port', '70000'], /A port is a number up to 65535/],
  [['listen', '--status', '200,700'], /Write status codes from 200 to 599/],
  [['listen', '--delay', '5'], /Write a duration such as 100ms/],
  [['listen', '--header', 'nonsense'], /Write a header as 'Name: value'/],
  [['listen', '--hang', '--reset'], /cannot be used with option '--reset'/],
  [['listen', '--count', '-1'], /It must be a whole number/],
  [['listen', '--secret', 's'], /--secret needs --signature/],
  [['listen', '--signature', 'flipt'], /--signature needs --secret/],
  [['listen', '--signature', 'standard-webhooks', '--secret', 'whsec_!'], /standard-webhooks/],
  [['deliveries', '--state', 'lost'], /There are pending, retrying, delivered, dead/],
  [['deliveries', '--since', 'yesterday'], /Write 1h for an hour ago/],
  [['deliveries', '--id', 'x', '--follow'], /exclude each other/],
  [['replay', '--sink', 'x'], /say which events: --dead/],
  [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish/],
  [['healthcheck', '--url', 'ftp://x'], /--url must be an http:\/\/ address/],
];
for (const [args, told] of wrong) {
  test(`${args.join(' ')} is wrong usage`, async () => {
    const { code, stdout, stderr } = await cli(args);
    assert.equal(code, 2);
    assert.match(stderr, told);
    assert.equal(stdout, '');
    assert.doesNotMatch(stderr, /\n {4}at /);
  });
}

test('a bug is told as one, with the stack', async () => {
  let told = '';
  const code = await main({
    argv: ['secret'],
    env: {},
    stdin: Readable.from([]),
    stdout: Object.assign(new Writable(), {
      write(): boolean {
        throw new TypeError('boom');
      },
    }),
    stderr: new Writable({
      write(chunk: Buffer, _, done) {
        told += chunk.toString();
        done();
      },
    }),
    signals: new EventEmitter(),
  });
  assert.equal(code, 1);
  assert.match(told, /this is a bug in auditsink, please report it[^]*TypeError: boom\n {4}at /);
});

test('a reader that goes away is no failure', () => {
  const { stderr, status } = spawnSync(
    'sh',
    ['-c', '"$0" "$1" schema | head -c 1 >/dev/null', process.execPath, cliFile],
    { encoding: 'utf8' },
  );
  assert.equal(stderr, '');
  assert.equal(status, 0);
});
