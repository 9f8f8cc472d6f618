import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { maxBodyBytes } from '../../src/admin/read-json.ts';
import { routes } from '../../src/admin/routes.ts';
import { AuditsinkError } from '../../src/core/errors.ts';
import type { Operations } from '../../src/core/operations.ts';
import { version } from '../../src/core/version.ts';
import { resolve, violations, type Schema } from './json-schema.ts';
import {
  acceptedAt,
  fakeOperations,
  journalWorld,
  sinkStatus,
  startAdmin,
  testReport,
  type Answer,
  type CallOptions,
} from './world.ts';

const document = parse(
  await readFile(new URL('../../docs/openapi.yaml', import.meta.url), 'utf8'),
) as Schema & {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
};

interface Operation {
  security?: unknown[];
  parameters?: Schema[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, Schema>;
}

interface Documented {
  method: string;
  path: string;
  operation: Operation;
}

const documented: Documented[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
);

/** One way to make a route answer with a status: what is asked, and of which daemon. */
interface Case {
  status: number;
  path: string;
  options?: CallOptions;
  operations?: Partial<Operations>;
}

const bug = (): never => {
  throw new Error('a bug');
};
const stuck = (): never => {
  throw new AuditsinkError('journal_io', 'cannot read the journal');
};
const everythingFails = (fail: () => never): Partial<Operations> => ({
  notReady: fail,
  sinks: fail,
  history: fail,
  test: async () => fail(),
  setPaused: async () => fail(),
  replay: async () => fail(),
});

/** Everything that one route is documented to answer, provoked. */
function casesOf(path: string, method: string): Case[] {
  const isPost = method === 'POST';
  const isApi = path.startsWith('/api/');
  const body = path === '/api/v1/replay' ? { sink: 'slack', dead: true } : {};
  const good = path.replace('{name}', 'slack').replace('{id}', 'e1');
  const ask = isPost ? { method, body } : {};
  const cases: Case[] = [
    { status: 200, path: good, options: ask },
    { status: 421, path: good, options: { ...ask, headers: { host: 'evil.example' } } },
  ];
  if (path !== '/healthz' && path !== '/metrics')
    cases.push({ status: 500, path: good, options: ask, operations: everythingFails(bug) });
  if (path === '/readyz')
    cases.push({ status: 503, path, operations: { notReady: () => ['source flipt: gone'] } });
  if (!isApi) return cases;
  cases.push(
    { status: 401, path: good, options: { ...ask, headers: { authorization: 'Bearer wrong' } } },
    { status: 400, path: `${good}?nonsense=1`, options: ask },
    { status: 503, path: good, options: ask, operations: everythingFails(stuck) },
  );
  if (path.includes('{name}'))
    cases.push({ status: 404, path: path.replace('{name}', 'nobody'), options: ask });
  if (path.includes('{id}')) cases.push({ status: 404, path: path.replace('{id}', 'nothing') });
  if (path === '/api/v1/deliveries') cases.push({ status: 404, path: `${path}?sink=nobody` });
  if (isPost) {
    const json = { 'content-type': 'application/json' };
    cases.push(
      { status: 415, path: good, options: { method, body: '{}' } },
      { status: 413, path: good, options: { method, headers: json, body: ' '.repeat(maxBodyBytes + 1) } },
      {
        status: 200,
        path: good,
        options: { method, headers: json, body: JSON.stringify(body).padEnd(maxBodyBytes) },
      },
    );
  }
  if (path === '/api/v1/replay')
    cases.push({ status: 404, path, options: { method, body: { sink: 'nobody', dead: true } } });
  if (path.endsWith('/test')) {
    for (const report of [
      { ...testReport, request: null, result: null, verdict: { kind: 'fatal', reason: 'template' } as const },
      {
        ...testReport,
        result: { kind: 'error', class: 'tls', message: 'expired', durationMs: 1 } as const,
        verdict: { kind: 'retryable', reason: 'expired' } as const,
        explanation: 'The certificate is too old.',
      },
    ]) {
      cases.push({ status: 200, path: good, options: ask, operations: { test: async () => report } });
    }
  }
  return cases;
}

function assertDescribed({ operation }: Documented, answer: Answer): void {
  const named = operation.responses[String(answer.status)];
  assert.ok(named !== undefined, `${answer.status} is not documented`);
  const response = typeof named['$ref'] === 'string' ? resolve(named['$ref'], document) : named;
  const content = response['content'] as Record<string, { schema: Schema }>;
  const type = String(answer.headers['content-type']).split(';')[0] ?? '';
  const described = content[type];
  assert.ok(described !== undefined, `${type} is not documented for ${answer.status}`);
  assert.deepEqual(violations(answer.json ?? answer.text, described.schema, document), []);
}

test('describes exactly the routes that are served, and whether they need the token', () => {
  assert.equal(document.openapi, '3.1.0');
  assert.equal(document.info.version, version);
  const summary = (method: string, path: string, isOpen: boolean): string =>
    `${method} ${path}${isOpen ? ' open' : ''}`;
  assert.deepEqual(
    documented
      .map(({ method, path, operation }) => summary(method, path, operation.security?.length === 0))
      .sort(),
    routes.map(({ method, path, access }) => summary(method, path, access === 'anyone')).sort(),
  );
});

test('every reference leads somewhere, and every path parameter is declared', () => {
  JSON.stringify(document, (key, value: unknown) => {
    if (key === '$ref') resolve(String(value), document);
    return value;
  });
  for (const { path, operation } of documented) {
    const inPath = (operation.parameters ?? [])
      .map((parameter) => resolve(String(parameter['$ref']), document))
      .filter((parameter) => parameter['in'] === 'path')
      .map((parameter) => `{${String(parameter['name'])}}`);
    assert.deepEqual(path.match(/\{\w+\}/g) ?? [], inPath, path);
  }
});

describe('each route answers what is documented, and all of it', () => {
  for (const route of documented) {
    test(`${route.method} ${route.path}`, async (t) => {
      const world = await journalWorld(t);
      const [e1 = 0, e2 = 0] = await world.accept(2);
      const attempt = {
        seq: e1,
        at: acceptedAt,
        durationMs: 30,
        status: null,
        errorClass: 'timeout',
        reason: 'too slow',
        reply: '',
      };
      await world.settle(
        'slack',
        [
          [e1, 'dead'],
          [e2, 'retrying'],
        ],
        [attempt],
      );
      const seen = new Set<string>();
      for (const { status, path, options = {}, operations } of casesOf(route.path, route.method)) {
        const daemon = fakeOperations({
          history: () => world.history,
          sinks: () => [
            sinkStatus('slack', { state: 'held', holds: ['circuit_open'], lastFailureAt: acceptedAt }),
          ],
          ...operations,
        });
        const admin = await startAdmin(t, daemon.operations, { token: 'right' });
        const headers = { authorization: 'Bearer right', ...options.headers };
        const answer = await admin.call(path, { ...options, headers });
        assert.equal(answer.status, status, `${path}: ${answer.text}`);
        assertDescribed(route, answer);
        seen.add(String(status));
      }
      if (route.path === '/metrics') {
        const admin = await startAdmin(t, fakeOperations().operations, { host: '0.0.0.0', token: 'right' });
        const refused = await admin.call('/metrics');
        admin.metrics.journalBytes.with().read = bug;
        const failed = await admin.call('/metrics', { headers: { authorization: 'Bearer right' } });
        for (const answer of [refused, failed]) {
          assertDescribed(route, answer);
          seen.add(String(answer.status));
        }
      }
      assert.deepEqual([...seen].sort(), Object.keys(route.operation.responses).sort());
    });
  }
});

test('a documented parameter or field is taken, any other is not', async (t) => {
  const world = await journalWorld(t);
  const { operations } = fakeOperations({ history: () => world.history });
  const admin = await startAdmin(t, operations);
  const values: Record<string, string> = {
    sink: 'slack',
    state: 'dead,pending',
    since: '7d',
    until: '2026-01-25T12:00:00Z',
    limit: '1000',
    before: '17',
  };
  const listed = documented.find(({ path }) => path === '/api/v1/deliveries');
  const names = (listed?.operation.parameters ?? []).map((parameter) =>
    String(resolve(String(parameter['$ref']), document)['name']),
  );
  assert.deepEqual(names.toSorted(), Object.keys(values).toSorted());
  for (const [name, value] of Object.entries(values)) {
    assert.equal(
      (await admin.call(`/api/v1/deliveries?${name}=${encodeURIComponent(value)}`)).status,
      200,
      name,
    );
  }

  const fields: Record<string, unknown> = {
    sink: 'slack',
    dead: true,
    since: '7d',
    until: '1d',
    ids: ['e1'],
    dry_run: true,
  };
  const replay = resolve('#/components/schemas/ReplayRequest', document);
  assert.deepEqual(Object.keys(replay['properties'] as object).toSorted(), Object.keys(fields).toSorted());
  assert.deepEqual(violations(fields, replay, document), []);
  assert.equal((await admin.call('/api/v1/replay', { method: 'POST', body: fields })).status, 200);
});

test('the checker finds what does not fit', () => {
  const sink = resolve('#/components/schemas/Sink', document);
  const good = {
    sink: 's',
    state: 'healthy',
    holds: [],
    pending: 0,
    in_flight: 0,
    retrying: 0,
    dead: 0,
    oldest_pending_at: null,
    last_success_at: '2026-01-25T12:00:00.000Z',
    last_failure_at: null,
    last_failure: null,
  };
  assert.deepEqual(violations(good, sink, document), []);
  const bad: object[] = [
    { ...good, state: 'odd' },
    { ...good, more: 1 },
    { ...good, dead: -1 },
    { ...good, dead: '0' },
    { ...good, last_success_at: 'yesterday' },
    { ...good, holds: ['why'] },
    Object.fromEntries(Object.entries(good).slice(1)),
  ];
  for (const each of bad) assert.equal(violations(each, sink, document).length, 1, JSON.stringify(each));
  const page = resolve('#/components/schemas/DeliveryPage', document);
  assert.notEqual(violations({ deliveries: [{ id: 1 }], next: null }, page, document).length, 0);
});
