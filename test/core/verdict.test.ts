import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttemptResult, ErrorClass } from '../../src/core/attempt.ts';
import type { RetryPolicy } from '../../src/core/policy.ts';
import { judge } from '../../src/core/verdict.ts';

const on: RetryPolicy['on'] = ['network', 'timeout', 'dns', 408, 425, 429, '5xx'];

function response(status: number, reply = '', retryAfter?: string): AttemptResult {
  return { kind: 'response', status, reply, retryAfter, durationMs: 1 };
}

function kindOf(result: AttemptResult, retryOn = on, success: number[] | null = null): string {
  return judge(result, { success, retry: { on: retryOn } }, 0).kind;
}

test('statuses by the default classes', () => {
  for (const status of [200, 201, 202, 204, 299])
    assert.equal(kindOf(response(status)), 'delivered', String(status));
  for (const status of [408, 425, 429, 500, 501, 502, 503, 504, 599]) {
    assert.equal(kindOf(response(status)), 'retryable', String(status));
  }
  for (const status of [300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 410, 413, 422]) {
    assert.equal(kindOf(response(status)), 'fatal', String(status));
  }
});

test('classes may be named broadly or one by one', () => {
  assert.equal(kindOf(response(404), ['4xx']), 'retryable');
  assert.equal(kindOf(response(404), [404]), 'retryable');
  assert.equal(kindOf(response(302), ['3xx']), 'retryable');
  assert.equal(kindOf(response(302), ['non-2xx']), 'retryable');
  assert.equal(kindOf(response(503), ['network']), 'fatal');
  assert.equal(kindOf(response(503), []), 'fatal');
});

test('a narrowed success rule makes other 2xx failures', () => {
  assert.equal(kindOf(response(200), on, [200]), 'delivered');
  assert.equal(kindOf(response(204), on, [200]), 'fatal');
  assert.equal(kindOf(response(204), ['non-2xx'], [200]), 'retryable');
});

test('errors by class', () => {
  const error = (kind: ErrorClass): AttemptResult => ({
    kind: 'error',
    class: kind,
    message: 'm',
    durationMs: 1,
  });
  for (const kind of ['network', 'timeout', 'dns'] as const)
    assert.equal(kindOf(error(kind)), 'retryable', kind);
  assert.equal(kindOf(error('tls')), 'fatal');
  assert.equal(kindOf(error('tls'), ['tls']), 'retryable');
});

test('Slack says no with a 200', () => {
  const table: Array<[string, string]> = [
    ['ok', 'delivered'],
    ['', 'delivered'],
    ['{"ok":true,"channel":"C1"}', 'delivered'],
    ['{"ok":false,"error":"channel_not_found"}', 'fatal'],
    ['{"ok": false, "error": "ratelimited"}', 'retryable'],
    ['{"ok":false}', 'fatal'],
    ['{"ok":false,"error":"internal_error"}', 'retryable'],
    ['invalid_payload', 'fatal'],
    ['channel_is_archived\n', 'fatal'],
    ['rate_limited', 'retryable'],
    ['toString', 'delivered'],
    ['{"status":"ok":false', 'delivered'],
    ['{"result":{"ok":false}}', 'delivered'],
    [' \n{"ok":false,"error":"ratelimited"}', 'retryable'],
    // Longer than what is kept of a reply.
    [`{"ok":false,"error":"ratelimited","more":"${'x'.repeat(2000)}`, 'retryable'],
    [`\n{ "ok" : false , "error" : "channel_not_found","more":{"a":["`, 'fatal'],
    ['{"error":"internal_error","n":-1.5e3,"ok":false,"more":"', 'retryable'],
    ['{"ok":false,"more":{"a":"', 'fatal'],
    ['{"ok":true,"error":"ratelimited","more":{"ok":false,"a":"', 'delivered'],
    ['{"result":{"ok":false,"error":"ratelimited","a":"', 'delivered'],
    ['{"text":"\\"","x":"\\",\\"ok\\":false,","more":"', 'delivered'],
    ['{"okay":false,"more":"', 'delivered'],
    ['"ok":false', 'delivered'],
  ];
  for (const [reply, expected] of table) assert.equal(kindOf(response(200, reply)), expected, reply);
});

test('only 429 and 503 may hold the sink', () => {
  const hold = (status: number): number | undefined => {
    const verdict = judge(response(status, '', '7'), { success: null, retry: { on } }, 0);
    return verdict.kind === 'delivered' ? undefined : verdict.holdMs;
  };
  assert.equal(hold(429), 7000);
  assert.equal(hold(503), 7000);
  assert.equal(hold(500), undefined);
  assert.equal(hold(302), undefined);
});
