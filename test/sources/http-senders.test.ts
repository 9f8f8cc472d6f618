import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import type { FormatName } from '../../src/core/event.ts';
import { sampleTexts } from '../../src/core/samples.ts';
import { signatureScheme } from '../../src/core/signature/schemes.ts';
import { post, startWorld } from './http-world.ts';

const sample = (name: string): string =>
  sampleTexts.find((candidate) => candidate.name === name)?.text ?? assert.fail(name);
const flag = sample('flipt.flag.created');
const whsec = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

describe('signatures', () => {
  const senders: ReadonlyArray<
    readonly [
      scheme: Exclude<FormatName, 'unleash' | 'json'>,
      name: string,
      secret: string,
      headers: Record<string, string>,
    ]
  > = [
    ['flipper', 'flipper.sync', 'flipper-secret', {}],
    [
      'rollgate',
      'rollgate.flag.toggled',
      'rollgate-secret',
      { 'X-Rollgate-Signature': 'sha256=1a2c10c95aa03aeb0dfcb0c66fd1ee29528e5373e57b2379d7e2f4f1c3a6b343' },
    ],
    [
      'flagsmith',
      'flagsmith.flag_updated.test_button',
      'flagsmith-secret',
      { 'X-Flagsmith-Signature': '5dd903a4921ec698d2cf92fb9935e97a7d6cfc578d1c16361fee9b433c6cf54c' },
    ],
    [
      'flipt',
      'flipt.flag.created',
      's3crET',
      { 'X-Flipt-Webhook-Signature': '9212b68a2bdecab76ab5b8ea0815f21ce407b952b75320b24519a63412b88152' },
    ],
  ];

  for (const [scheme, name, secret, documented] of senders) {
    test(`${scheme}: its documented request is taken, a changed one is not`, async (t) => {
      const verify = { scheme, secrets: ['another', secret] } as const;
      const { port, intake, clock } = await startWorld(t, { format: scheme, verify });
      const body = sample(name);
      const signer = signatureScheme(verify).prepare([secret]);
      const fresh = Object.fromEntries(signer.headers({ id: 'x', timestampS: clock.now() / 1000, body }));
      const headers = { ...fresh, ...documented };
      assert.equal((await post(port, body, { headers })).status, 202);
      const changed = await post(port, `${body} `, { headers });
      assert.equal(changed.status, 401);
      assert.equal((await post(port, body)).status, 401);
      assert.deepEqual(intake.texts, [body]);
      assert.equal([...intake.events.values()][0]?.format, scheme);
    });
  }

  test("Standard Webhooks: what the npm package signs is taken, and its id is the event's", async (t) => {
    const verify = { scheme: 'standard-webhooks', secrets: [whsec] } as const;
    const { port, intake, clock } = await startWorld(t, { format: 'json', verify });
    const send = async (id: string, body: string): Promise<number> => {
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(clock.now() / 1000),
        'webhook-signature': new Webhook(whsec).sign(id, new Date(clock.now()), body),
      };
      return (await post(port, body, { headers })).status;
    };
    assert.equal(await send('msg_1', '{"type":"flag.updated"}'), 202);
    clock.advance(3_600_000);
    assert.equal(await send('msg_1', '{"type":"flag.updated"}'), 202, 'a retry, signed anew');
    assert.equal(await send('msg_2', '{"type":"flag.updated"}'), 202);
    assert.equal(intake.events.size, 2);
  });
});

describe('repeats', () => {
  const own = ['flipper.sync', 'unleash.feature-environment-enabled', 'rollgate.flag.toggled'];
  for (const name of own) {
    test(`${name} is known by what is in it, however late, and after a restart`, async (t) => {
      const world = await startWorld(t);
      assert.equal((await post(world.port, sample(name))).status, 202);
      world.clock.advance(10 * 3_600_000);
      assert.equal((await post(world.port, sample(name))).status, 202);
      await world.source.stop();
      const again = await startWorld(t, { from: world });
      assert.equal((await post(again.port, sample(name))).status, 202);
      assert.equal(world.intake.events.size, 1);
    });
  }

  test('the same bytes are known for a minute, and then are news', async (t) => {
    const { port, intake, clock } = await startWorld(t);
    const body = sample('flagsmith.flag_updated.test_button');
    for (const waitMs of [0, 20_000, 39_000]) {
      clock.advance(waitMs);
      assert.equal((await post(port, body)).status, 202);
    }
    assert.equal(intake.events.size, 1);
    clock.advance(1000);
    assert.equal((await post(port, body)).status, 202);
    assert.equal(intake.events.size, 2, 'a test button pressed again');
    assert.equal((await post(port, body.replace('user@', 'other@'))).status, 202);
    assert.equal(intake.events.size, 3);
  });

  test('the same bytes are known across a restart within the minute', async (t) => {
    const world = await startWorld(t);
    assert.equal((await post(world.port, flag)).status, 202);
    await world.source.stop();
    world.clock.advance(5000);
    const again = await startWorld(t, { from: world });
    assert.equal((await post(again.port, flag)).status, 202);
    assert.equal(world.intake.events.size, 1);
  });

  test("two sources do not take each other's events for repeats", async (t) => {
    const world = await startWorld(t, { name: 'a', path: '/a' });
    const other = await startWorld(t, { name: 'b', path: '/b', from: world });
    for (const name of [...own, 'flipt.flag.created']) {
      assert.equal((await post(world.port, sample(name), { path: '/a' })).status, 202);
      assert.equal((await post(other.port, sample(name), { path: '/b' })).status, 202);
    }
    assert.equal(world.intake.events.size, 2 * (own.length + 1));
  });

  test('ids can be sent as a webhook-id', async (t) => {
    const { port, intake } = await startWorld(t);
    for (const { text } of sampleTexts) await post(port, text);
    for (const id of intake.events.keys()) assert.match(id, /^[\da-f-]+$/);
  });
});
