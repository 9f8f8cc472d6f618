import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, tempDir } from './world.ts';

const body = '{"a": 1}\n';

function hex(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

function verify(signature: string, secret: string, header: string, ...more: string[]) {
  const args = ['verify', '--signature', signature, '--secret', secret, '--body', '-', '--header', header];
  return cli([...args, ...more], { stdin: body });
}

const old = 1_700_000_000;
const right: ReadonlyArray<readonly [signature: string, header: string, ...more: string[]]> = [
  ['flipt', `X-Flipt-Webhook-Signature: ${hex('s', body)}`],
  ['flagsmith', `x-flagsmith-signature:${hex('s', body)}`],
  ['rollgate', `X-Rollgate-Signature: sha256=${hex('s', body)}`],
  ['flipper', `Flipper-Cloud-Signature: t=${old},v1=${hex('s', `${old}.${body}`)}`, '--tolerance', '9999d'],
];
for (const [signature, header, ...more] of right) {
  test(`a right ${signature} signature`, async () => {
    const result = await verify(signature, 's', header, ...more);
    assert.deepEqual(result, { code: 0, stdout: 'the signature is right\n', stderr: '' });
  });
  test(`a ${signature} signature with another secret`, async () => {
    const { code, stdout } = await verify(signature, 'another', header, ...more);
    assert.equal(code, 1);
    assert.match(stdout, /^not verified: .*another secret, or the body was changed\n$/);
  });
}

test('an old signature is refused with its age', async () => {
  const { code, stdout } = await verify(
    'flipper',
    's',
    `Flipper-Cloud-Signature: t=${old},v1=${hex('s', `${old}.${body}`)}`,
  );
  assert.equal(code, 1);
  assert.match(stdout, /^not verified: the signature is too old: \d+ s, 300 s are allowed\n$/);
});

test('a missing header is named', async () => {
  const { code, stdout } = await verify('flipt', 's', 'X-Other: 1');
  assert.equal(code, 1);
  assert.equal(stdout, 'not verified: the header X-Flipt-Webhook-Signature is missing\n');
});

test('the body of a file counts byte for byte', async (t) => {
  const file = join(tempDir(t), 'body');
  writeFileSync(file, Buffer.from([0xff, 0x00, 0x0a]));
  const mac = createHmac('sha256', 's')
    .update(Buffer.from([0xff, 0x00, 0x0a]))
    .digest('hex');
  const args = ['verify', '--signature', 'flipt', '--secret', 's', '--body', file];
  assert.equal((await cli([...args, '--header', `X-Flipt-Webhook-Signature: ${mac}`])).code, 0);
});

test('secrets are strong, different each time and of the form of their scheme', async () => {
  const [first, second, standard] = await Promise.all([
    cli(['secret']),
    cli(['secret']),
    cli(['secret', '--signature', 'standard-webhooks']),
  ]);
  assert.match(first.stdout, /^[\w-]{43}\n$/);
  assert.notEqual(first.stdout, second.stdout);
  const [, base64 = ''] = /^whsec_(\S+)\n$/.exec(standard.stdout) ?? [];
  assert.equal(Buffer.from(base64, 'base64').length, 32);
});
