import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedAt, fakeOperations, journalWorld, sinkStatus, startAdmin, type Call } from './world.ts';

interface Problem {
  status: number;
  detail: string;
  errors?: Array<{ field: string; message: string }>;
}

interface Page {
  deliveries: Array<{ id: string; sink: string; event_id: string; state: string }>;
  next: string | null;
}

/** Every page one after the other, as ids. */
async function pages(ask: Call, query: string): Promise<string[][]> {
  const found: string[][] = [];
  let before = '';
  for (;;) {
    const answer = await ask(`/api/v1/deliveries?${query}${before}`);
    assert.equal(answer.status, 200, answer.text);
    const { deliveries, next } = answer.json as Page;
    found.push(deliveries.map(({ id }) => id));
    if (next === null) return found;
    before = `&before=${next}`;
  }
}

test('shows each sink with its state', async (t) => {
  const { operations } = fakeOperations({
    sinks: () => [
      sinkStatus('slack'),
      sinkStatus('hook', {
        state: 'held',
        holds: ['retry_after', 'manual'],
        pending: 5,
        inFlight: 1,
        retrying: 2,
        dead: 3,
        oldestPendingAt: acceptedAt,
        lastSuccessAt: acceptedAt - 1,
        lastFailureAt: acceptedAt + 500,
        lastFailure: 'answered 429',
      }),
    ],
  });
  const admin = await startAdmin(t, operations);
  assert.deepEqual((await admin.call('/api/v1/sinks')).json, {
    sinks: [
      {
        sink: 'slack',
        state: 'healthy',
        holds: [],
        pending: 0,
        in_flight: 0,
        retrying: 0,
        dead: 0,
        oldest_pending_at: null,
        last_success_at: null,
        last_failure_at: null,
        last_failure: null,
      },
      {
        sink: 'hook',
        state: 'held',
        holds: ['retry_after', 'manual'],
        pending: 5,
        in_flight: 1,
        retrying: 2,
        dead: 3,
        oldest_pending_at: '2026-01-25T12:00:00.000Z',
        last_success_at: '2026-01-25T11:59:59.999Z',
        last_failure_at: '2026-01-25T12:00:00.500Z',
        last_failure: 'answered 429',
      },
    ],
  });
});

test('pauses and resumes a sink, and says so in the log', async (t) => {
  const { operations, asked } = fakeOperations();
  const admin = await startAdmin(t, operations);
  const paused = await admin.call('/api/v1/sinks/slack/pause', { method: 'POST', body: {} });
  assert.deepEqual(paused.json, { sink: 'slack', paused: true });
  const resumed = await admin.call('/api/v1/sinks/slack/resume', { method: 'POST', body: {} });
  assert.deepEqual(resumed.json, { sink: 'slack', paused: false });
  assert.deepEqual(asked, [
    ['setPaused', 'slack', true],
    ['setPaused', 'slack', false],
  ]);
  assert.deepEqual(admin.lines, [
    {
      level: 'info',
      fields: { path: '/api/v1/sinks/{name}/pause', sink: 'slack', from: '127.0.0.1' },
      msg: 'admin request carried out',
    },
    {
      level: 'info',
      fields: { path: '/api/v1/sinks/{name}/resume', sink: 'slack', from: '127.0.0.1' },
      msg: 'admin request carried out',
    },
  ]);
});

test('an unknown sink is 404 with a suggestion, whatever is asked of it', async (t) => {
  const { operations } = fakeOperations();
  const admin = await startAdmin(t, operations);
  for (const path of [
    '/api/v1/sinks/slak/pause',
    '/api/v1/sinks/slak/resume',
    '/api/v1/sinks/slak/test',
    '/api/v1/replay',
  ]) {
    const body = path.endsWith('replay') ? { sink: 'slak', dead: true } : {};
    const answer = await admin.call(path, { method: 'POST', body });
    assert.equal(answer.status, 404, path);
    assert.equal((answer.json as Problem).detail, 'there is no sink of that name; did you mean "slack"?');
  }
  assert.deepEqual(admin.lines, []);
});

test('what is given to a route that takes nothing is refused', async (t) => {
  const { operations, asked } = fakeOperations();
  const admin = await startAdmin(t, operations);
  const post = (path: string, body: unknown) => admin.call(path, { method: 'POST', body });
  assert.equal((await post('/api/v1/sinks/slack/pause', { for: '1h' })).status, 400);
  assert.equal((await post('/api/v1/sinks/slack/pause?for=1h', {})).status, 400);
  assert.equal((await post('/api/v1/sinks/slack/pause', [])).status, 400);
  assert.equal((await admin.call('/api/v1/sinks?sink=slack')).status, 400);
  assert.deepEqual(asked, []);
});

test('a test event is reported whole', async (t) => {
  const admin = await startAdmin(t, fakeOperations().operations);
  const answer = await admin.call('/api/v1/sinks/hook/test', { method: 'POST', body: {} });
  assert.deepEqual(answer.json, {
    sink: 'hook',
    request: {
      method: 'POST',
      host: 'hooks.slack.com',
      headers: [{ name: 'content-type', value: 'application/json' }],
      body: '{"text":"hello"}',
    },
    result: { kind: 'response', status: 200, retry_after: null, reply: 'ok', duration_ms: 12.5 },
    verdict: { kind: 'delivered', reason: null },
    explanation: null,
  });
  assert.deepEqual(admin.lines.at(-1)?.fields, {
    path: '/api/v1/sinks/{name}/test',
    sink: 'hook',
    verdict: 'delivered',
    from: '127.0.0.1',
  });
});

test('a replay is owed, or only counted', async (t) => {
  const { operations, asked } = fakeOperations();
  const admin = await startAdmin(t, operations);
  const replay = (body: unknown) => admin.call('/api/v1/replay', { method: 'POST', body });

  const dry = await replay({ sink: 'slack', dead: true, dry_run: true });
  assert.deepEqual(dry.json, { sink: 'slack', dry_run: true, matched: 3, owed: 0 });
  assert.equal(admin.lines.length, 0);

  const wet = await replay({
    sink: 'hook',
    since: '2026-01-25T12:00:00Z',
    until: '2026-01-25T14:00:00.5+01:00',
    ids: ['e1'],
  });
  assert.deepEqual(wet.json, { sink: 'hook', dry_run: false, matched: 3, owed: 2 });
  assert.deepEqual(admin.lines.at(-1)?.fields, {
    path: '/api/v1/replay',
    sink: 'hook',
    matched: 3,
    owed: 2,
    from: '127.0.0.1',
  });

  assert.deepEqual(asked, [
    ['replay', { sink: 'slack', states: ['dead'] }, true],
    ['replay', { sink: 'hook', since: acceptedAt, until: acceptedAt + 3_600_500, eventIds: ['e1'] }, false],
  ]);
});

test('a replay that does not say what, or says it wrong, is refused with every mistake', async (t) => {
  const { operations, asked } = fakeOperations();
  const admin = await startAdmin(t, operations);
  const replay = (body: unknown) => admin.call('/api/v1/replay', { method: 'POST', body });

  const wrong = await replay({ sink: 7, dead: 'yes', since: 'yesterday', ids: [], dryrun: true, dry_run: 1 });
  assert.equal(wrong.status, 400);
  assert.deepEqual((wrong.json as Problem).errors, [
    { field: 'sink', message: 'must be a text that is not empty' },
    { field: 'dead', message: 'must be true or false' },
    { field: 'dry_run', message: 'must be true or false' },
    { field: 'since', message: 'must be a time such as 2026-01-25T12:00:00Z, or a duration such as 24h' },
    { field: 'ids', message: 'must be a list of 1 to 1000 texts' },
    { field: 'dryrun', message: 'is not known; did you mean "dry_run"?' },
  ]);

  const refused: Array<[body: unknown, detail: RegExp]> = [
    [{ sink: 'slack' }, /say which deliveries/],
    [{ sink: 'slack', dead: false }, /say which deliveries/],
    [{ dead: true }, /name the sink/],
    [[], /must be a JSON object/],
    ['', /must be a JSON object/],
    ['{"sink":', /not valid JSON/],
  ];
  for (const [body, detail] of refused) {
    const headers = { 'content-type': 'application/json' };
    const answer = await admin.call('/api/v1/replay', { method: 'POST', headers, body });
    assert.equal(answer.status, 400, answer.text);
    assert.match((answer.json as Problem).detail, detail);
  }
  assert.deepEqual(asked, []);
});

test('lists deliveries newest first, narrowed by sink, state and time', async (t) => {
  const world = await journalWorld(t);
  const [e1 = 0, e2 = 0, e3 = 0, e4 = 0] = await world.accept(4);
  await world.settle('slack', [
    [e1, 'delivered'],
    [e2, 'dead'],
    [e3, 'retrying'],
    [e4, 'delivered'],
  ]);
  await world.settle('hook', [[e2, 'delivered']]);
  const admin = await startAdmin(t, fakeOperations({ history: () => world.history }).operations);
  const ids = async (query: string) => (await pages(admin.call, query)).flat();

  assert.deepEqual(await ids(''), ['e4@slack', 'e3@slack', 'e2@hook', 'e2@slack', 'e1@slack']);
  assert.deepEqual(await ids('sink=hook'), ['e2@hook']);
  assert.deepEqual(await ids('state=dead,retrying'), ['e3@slack', 'e2@slack']);
  assert.deepEqual(await ids('since=2026-01-25T12:02:00Z&until=2026-01-25T12:04:00Z'), [
    'e3@slack',
    'e2@hook',
    'e2@slack',
  ]);
  assert.deepEqual(await ids('since=1s'), []);

  const retrying = await admin.call('/api/v1/deliveries?state=retrying');
  assert.deepEqual(retrying.json, {
    deliveries: [
      {
        id: 'e3@slack',
        sink: 'slack',
        event_id: 'e3',
        source: 'flipt',
        state: 'retrying',
        attempts: 3,
        accepted_at: '2026-01-25T12:03:00.000Z',
        first_attempt_at: '2026-01-25T12:00:01.000Z',
        updated_at: '2026-01-25T12:00:02.000Z',
        next_attempt_at: '2026-01-25T12:00:10.000Z',
        status: 500,
        reason: 'answered 500',
        duration_ms: 12.5,
      },
    ],
    next: null,
  });
});

test('pages hold every delivery exactly once, whatever the limit', async (t) => {
  const world = await journalWorld(t);
  const seqs = await world.accept(5);
  const expected: string[] = [];
  for (const sink of ['a', 'b', 'c']) {
    await world.settle(
      sink,
      seqs.map((seq) => [seq, seq % 2 === 0 ? 'dead' : 'delivered']),
    );
  }
  for (let n = 5; n >= 1; n -= 1) expected.push(`e${n}@a`, `e${n}@b`, `e${n}@c`);
  const admin = await startAdmin(t, fakeOperations({ history: () => world.history }).operations);
  for (let limit = 1; limit <= 16; limit += 1) {
    const found = await pages(admin.call, `limit=${limit}`);
    assert.deepEqual(found.flat(), expected, `limit=${limit}`);
    assert.ok(
      found.length <= 5 && found.every((page) => page.length <= Math.max(3, limit)),
      `limit=${limit}`,
    );
  }
  assert.deepEqual(
    (await pages(admin.call, 'limit=2&sink=b')).map((page) => page.length),
    [2, 2, 1],
  );
  assert.deepEqual(
    (await pages(admin.call, 'limit=1&state=dead')).map((page) => page.length),
    [3, 3],
  );
});

test('a wrong filter is refused with every mistake', async (t) => {
  const world = await journalWorld(t);
  const admin = await startAdmin(t, fakeOperations({ history: () => world.history }).operations);
  const answer = await admin.call(
    '/api/v1/deliveries?limit=0&state=lost&since=2026&until=2026-13-01T00:00:00Z&before=x&sinc=1h&sink=&sink=a',
  );
  assert.equal(answer.status, 400);
  assert.deepEqual(
    (answer.json as Problem).errors?.map(({ field }) => field),
    ['sink', 'limit', 'state', 'since', 'until', 'before', 'sinc'],
  );
  for (const limit of ['1001', '-1', '1.5', '1e2', '']) {
    assert.equal((await admin.call(`/api/v1/deliveries?limit=${limit}`)).status, 400, limit);
  }
});

test('a sink nobody knows is 404, one that left the config still has its history', async (t) => {
  const world = await journalWorld(t);
  const seqs = await world.accept(1);
  await world.settle('gone', [[seqs[0] ?? 0, 'dead']]);
  await world.settle('empty', []);
  const admin = await startAdmin(t, fakeOperations({ history: () => world.history }).operations);
  assert.equal((await admin.call('/api/v1/deliveries?sink=nobody')).status, 404);
  assert.equal((await admin.call('/api/v1/deliveries?sink=gone')).status, 200);
  assert.equal((await admin.call('/api/v1/deliveries?sink=empty')).status, 200);
  assert.equal((await admin.call('/api/v1/deliveries?sink=hook')).status, 200);
});

test('shows an event with its deliveries and their failed attempts, without what is secret in it', async (t) => {
  const world = await journalWorld(t);
  const [e1 = 0] = await world.accept(
    1,
    () => '{"type":"flag","action":"created","environment":{"name":"Prod","api_key":"ser.hunter2"}}',
  );
  const attempt = {
    seq: e1,
    at: acceptedAt,
    durationMs: 30.123456789,
    status: 500,
    errorClass: 'status',
    reason: 'answered 500',
    reply: 'oops',
  };
  await world.settle('slack', [[e1, 'dead']], [attempt]);
  await world.settle('hook', [[e1, 'delivered']]);
  const admin = await startAdmin(t, fakeOperations({ history: () => world.history }).operations);

  const answer = await admin.call('/api/v1/deliveries/e1');
  assert.equal(answer.status, 200);
  assert.doesNotMatch(answer.text, /hunter2/);
  const both = answer.json as {
    event: unknown;
    deliveries: Array<{ id: string; failed_attempts: unknown[] }>;
  };
  assert.deepEqual(both.event, {
    id: 'e1',
    source: 'flipt',
    format: 'json',
    accepted_at: '2026-01-25T12:01:00.000Z',
    raw: { type: 'flag', action: 'created', environment: { name: 'Prod', api_key: '[redacted]' } },
    previous: null,
  });
  assert.deepEqual(both.deliveries.map(({ id }) => id).sort(), ['e1@hook', 'e1@slack']);
  const toSlack = both.deliveries.find(({ id }) => id === 'e1@slack');
  assert.deepEqual(toSlack?.failed_attempts, [
    {
      at: '2026-01-25T12:00:00.000Z',
      duration_ms: 30.123,
      status: 500,
      error_class: 'status',
      reason: 'answered 500',
      reply: 'oops',
    },
  ]);

  const one = (await admin.call('/api/v1/deliveries/e1%40hook')).json as typeof both;
  assert.deepEqual(
    one.deliveries.map(({ id }) => id),
    ['e1@hook'],
  );
  for (const unknown of ['e2', 'e1@nobody', '@', 'e1@']) {
    assert.equal((await admin.call(`/api/v1/deliveries/${unknown}`)).status, 404, unknown);
  }
  assert.equal((await admin.call('/api/v1/deliveries/e1?sink=hook')).status, 400);
});
