import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { describe, test } from 'node:test';
import { AuditsinkError } from '../../src/core/errors.ts';
import { sampleTexts } from '../../src/core/samples.ts';
import type { VerifySetting } from '../../src/sources/http/authorise.ts';
import { eventually, post, startWorld, Wire } from './http-world.ts';

const sample = (name: string): string =>
  sampleTexts.find((candidate) => candidate.name === name)?.text ?? assert.fail(name);
const flag = sample('flipt.flag.created');
const whpk = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=';

describe('back-pressure', () => {
  test('503 with Retry-After when the journal does not take it in time, and the retry is no second event', async (t) => {
    const { port, intake, clock, source } = await startWorld(t);
    intake.hold();
    const writing = post(port, flag);
    await eventually(() => intake.batches.length === 1, 'the first is being written');
    const waiting = post(port, flag.replace('new-checkout', 'second'));
    await eventually(() => source.health().lagBytes >= 2 * flag.length - 10, 'the second waits');
    clock.advance(5000);
    for (const answer of [await writing, await waiting]) {
      assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '5']);
    }
    assert.equal((await post(port, flag)).status, 503, 'at once, while it is known to be stuck');
    assert.equal(source.health().reading, false);
    intake.release();
    await eventually(() => intake.events.size === 1, 'what was being written is committed after all');
    await eventually(() => source.health().reading, 'it has noticed');
    assert.equal((await post(port, flag)).status, 202);
    assert.deepEqual(intake.texts, [flag]);
  });

  test('a sender that hangs up before its answer changes nothing', async (t) => {
    const { port, intake, source } = await startWorld(t);
    intake.hold();
    const wire = new Wire(port);
    wire.send(`POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: ${flag.length}\r\n\r\n${flag}`);
    await eventually(() => intake.batches.length === 1, 'it is being written');
    wire.socket.resetAndDestroy();
    await wire.until(({ closed }) => closed, 'it has gone');
    intake.release();
    await eventually(() => source.health().lagBytes === 0, 'nothing is held any more');
    assert.equal((await post(port, flag)).status, 202);
    assert.deepEqual(intake.texts, [flag]);
  });

  test('each sender waits its own time', async (t) => {
    const { port, intake, clock, source } = await startWorld(t);
    intake.hold();
    const first = post(port, flag);
    await eventually(() => intake.batches.length === 1, 'the first is being written');
    clock.advance(3000);
    let secondStatus = 0;
    const second = post(port, sample('flipper.sync')).then(({ status }) => (secondStatus = status));
    await eventually(() => source.health().lagBytes > flag.length, 'the second waits');
    clock.advance(2000);
    assert.equal((await first).status, 503);
    assert.equal(secondStatus, 0);
    intake.release();
    await second;
    assert.equal(secondStatus, 202);
  });

  test('bodies held at one time are bounded', async (t) => {
    const { port, intake, source } = await startWorld(t, { maxBodyBytes: 8_000_000, format: 'json' });
    intake.hold();
    const body = (at: number): string => JSON.stringify({ type: 'x', at, data: 'x'.repeat(7_900_000) });
    const agent = new Agent({ maxSockets: 6 });
    const answers = Array.from({ length: 6 }, async (_, at) => post(port, body(at), { agent }));
    const statuses: number[] = [];
    for (const answer of answers) void answer.then(({ status }) => statuses.push(status));
    await eventually(() => statuses.length === 4, 'four do not fit');
    assert.deepEqual(new Set(statuses), new Set([503]));
    assert.ok(source.health().lagBytes <= 16_777_216);
    intake.release();
    await Promise.all(answers);
    assert.deepEqual(
      statuses.sort((a, b) => a - b),
      [202, 202, 503, 503, 503, 503],
    );
    await eventually(() => source.health().lagBytes === 0, 'nothing is held any more');
  });

  test('503 when the journal refuses, and that is told', async (t) => {
    const { port, intake, lines } = await startWorld(t);
    intake.abort(new Error('broken'));
    const answer = await post(port, flag);
    assert.deepEqual(lines[0], {
      level: 'error',
      fields: { source: 'hooks', error: 'broken' },
      msg: 'the journal refused a batch',
    });
    assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '5']);
  });
});

describe('starting and stopping', () => {
  test('requests in flight are answered, and then nobody listens', async (t) => {
    const { port, intake, source } = await startWorld(t);
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    assert.equal((await post(port, sample('flipper.sync'), { agent })).status, 202);
    intake.hold();
    const inFlight = post(port, flag, { agent });
    await eventually(() => intake.batches.length === 2, 'it is being written');
    const stopped = source.stop();
    assert.equal(source.stop() instanceof Promise, true, 'stopping twice is fine');
    await assert.rejects(post(port, flag), 'a new connection is refused');
    intake.release();
    const answer = await inFlight;
    assert.deepEqual([answer.status, answer.headers.connection], [202, 'close']);
    await stopped;
    assert.equal(intake.events.size, 2);
    assert.deepEqual(source.health(), { reading: false, detail: 'not listening', lagBytes: 0 });
  });

  test('a sender that dawdles does not hold the stop', async (t) => {
    const { port, source, clock, intake } = await startWorld(t);
    const wire = new Wire(port);
    wire.send(`POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: ${flag.length}\r\n\r\n${flag.slice(0, 50)}`);
    await eventually(() => source.health().lagBytes === 50, 'half of it is there');
    const stopped = source.stop();
    await eventually(() => clock.timers === 1, 'the stop waits for it');
    clock.advance(7000);
    await stopped;
    await wire.until(({ closed }) => closed, 'it is cut off');
    assert.equal(intake.batches.length, 0);
  });

  test('starts again after a stop, and starting twice is fine', async (t) => {
    const { source, intake } = await startWorld(t);
    await source.start(intake);
    await source.stop();
    await source.start(intake);
    assert.equal((await post(source.port, flag)).status, 202);
  });

  test('sources share an address, and each has its path', async (t) => {
    const first = await startWorld(t, { name: 'one', path: '/one', port: await freePort() });
    const second = await startWorld(t, { name: 'two', path: '/two', port: first.port, from: first });
    assert.equal((await post(first.port, flag, { path: '/one' })).status, 202);
    assert.equal((await post(first.port, flag, { path: '/two' })).status, 202);
    await first.source.stop();
    assert.equal((await post(first.port, flag, { path: '/one' })).status, 404);
    assert.equal((await post(first.port, flag, { path: '/two' })).status, 202);
    await second.source.stop();
    await assert.rejects(post(first.port, flag, { path: '/two' }));
    assert.deepEqual(
      [...first.intake.events.values()].map(({ event }) => event.source),
      ['one', 'two'],
    );
  });

  test('a reload opens the new before it closes the old, and no sender notices', async (t) => {
    const old = await startWorld(t, { port: await freePort() });
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    assert.equal((await post(old.port, flag, { agent })).status, 202);
    const renewed = await startWorld(t, { port: old.port, format: 'flipper', from: old });
    await old.source.stop();
    assert.equal((await post(old.port, sample('flipper.sync'), { agent })).status, 202);
    assert.equal((await post(old.port, flag, { agent })).status, 400, 'by the new rules');
    await renewed.source.stop();
    await assert.rejects(post(old.port, flag));
  });

  test('a port in use is an error that names it', async (t) => {
    const { port } = await startWorld(t);
    const isListenError = (error: unknown): boolean =>
      error instanceof AuditsinkError &&
      error.code === 'listen' &&
      error.message.includes(`127.0.0.1:${port}`);
    await assert.rejects(startWorld(t, { port }), isListenError);
  });

  test('a secret that cannot be used is an error of the config', async (t) => {
    const isConfigError = (error: unknown): boolean =>
      error instanceof AuditsinkError && error.code === 'config';
    const wrong: VerifySetting[] = [
      { scheme: 'standard-webhooks', secrets: ['whsec_???'] },
      { scheme: 'flipt', secrets: [''] },
      { scheme: 'rollgate', secrets: [] },
      { scheme: 'template', header: 'X', value: 'no signature', secrets: ['s'] },
      { scheme: 'bearer', secrets: [''] },
      { scheme: 'bearer', secrets: [] },
    ];
    for (const verify of wrong) await assert.rejects(startWorld(t, { verify }), isConfigError);
    await startWorld(t, { verify: { scheme: 'standard-webhooks', secrets: [whpk] } });
  });
});

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<number>();
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
  return promise;
}
