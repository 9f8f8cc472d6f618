import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createAdminServer } from '../../src/admin/server.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createDecoder } from '../../src/core/formats/decoder.ts';
import type { ReplayQuery } from '../../src/core/history.ts';
import type { DeliveryRecord, DeliveryState, FailedAttempt } from '../../src/core/journal.ts';
import { logLevels, type Logger, type LogLevel } from '../../src/core/logger.ts';
import { createMetrics } from '../../src/core/metrics.ts';
import type { Operations, SinkStatus, TestReport } from '../../src/core/operations.ts';
import { SqliteHistory } from '../../src/journal/sqlite-history.ts';
import { SqliteJournal } from '../../src/journal/sqlite-journal.ts';

export interface LoggedLine {
  level: LogLevel;
  fields: Record<string, unknown>;
  msg: string;
}

export function recordingLogger(): { logger: Logger; lines: LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const at = (level: LogLevel) => (fields: Record<string, unknown>, msg: string) => {
    lines.push({ level, fields, msg });
  };
  const logger = Object.fromEntries(logLevels.map((level) => [level, at(level)])) as unknown as Logger;
  return { logger, lines };
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The body as JSON; undefined when it is none. */
  json: unknown;
}

export interface CallOptions {
  method?: string;
  headers?: Record<string, string>;
  /** Sent as it is; anything but a text is sent as JSON with its content type. */
  body?: unknown;
}

export type Call = (path: string, options?: CallOptions) => Promise<Answer>;

/** One request on a connection of its own. */
export function call(port: number, path: string, options: CallOptions = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { body } = options;
  const isJson = body !== undefined && typeof body !== 'string';
  const outgoing = request(
    {
      host: '127.0.0.1',
      port,
      path,
      method: options.method ?? 'GET',
      agent: false,
      signal: AbortSignal.timeout(20_000),
      headers: { ...(isJson ? { 'content-type': 'application/json' } : {}), ...options.headers },
    },
    (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => (text += chunk));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text,
          json:
            (incoming.headers['content-type'] ?? '').includes('json') && text !== ''
              ? JSON.parse(text)
              : undefined,
        }),
      );
    },
  );
  outgoing.on('error', reject);
  outgoing.end(isJson ? JSON.stringify(body) : body);
  return promise;
}

/** A running admin endpoint, stopped when the test ends. */
export async function startAdmin(
  t: TestContext,
  operations: Operations,
  options: { host?: string; token?: string | null; limits?: Parameters<typeof createAdminServer>[2] } = {},
) {
  const { logger, lines } = recordingLogger();
  const metrics = createMetrics();
  const server = createAdminServer(
    { host: options.host ?? '127.0.0.1', port: 0, token: options.token ?? null },
    { operations, metrics, logger, clock: systemClock },
    options.limits,
  );
  t.after(() => server.stop());
  const { port } = await server.start();
  const callIt: Call = (path, callOptions) => call(port, path, callOptions);
  return { server, port, lines, metrics, call: callIt };
}

export function sinkStatus(sink: string, over: Partial<SinkStatus> = {}): SinkStatus {
  return {
    sink,
    state: 'healthy',
    holds: [],
    pending: 0,
    inFlight: 0,
    retrying: 0,
    dead: 0,
    oldestPendingAt: null,
    lastSuccessAt: null,
    lastFailureAt: null,
    lastFailure: null,
    ...over,
  };
}

export const testReport: TestReport = {
  sink: 'slack',
  request: {
    method: 'POST',
    host: 'hooks.slack.com',
    headers: [['content-type', 'application/json']],
    body: '{"text":"hello"}',
  },
  result: { kind: 'response', status: 200, retryAfter: undefined, reply: 'ok', durationMs: 12.5 },
  verdict: { kind: 'delivered' },
  explanation: null,
};

/** A daemon that knows the sinks `slack` and `hook`; `asked` is what was asked of it. */
export function fakeOperations(over: Partial<Operations> = {}): {
  operations: Operations;
  asked: Array<[what: string, ...with: unknown[]]>;
} {
  const asked: Array<[what: string, ...with: unknown[]]> = [];
  const known = ['slack', 'hook'];
  const operations: Operations = {
    notReady: () => [],
    sinks: () => known.map((sink) => sinkStatus(sink)),
    history: () => {
      throw new Error('no history in this test');
    },
    async test(sink) {
      asked.push(['test', sink]);
      return known.includes(sink) ? { ...testReport, sink } : undefined;
    },
    async setPaused(sink, paused) {
      asked.push(['setPaused', sink, paused]);
      return known.includes(sink);
    },
    async replay(query: ReplayQuery, dryRun) {
      asked.push(['replay', query, dryRun]);
      return known.includes(query.sink) ? { matched: 3, owed: dryRun ? 0 : 2 } : undefined;
    },
    ...over,
  };
  return { operations, asked };
}

export const acceptedAt = Date.parse('2026-01-25T12:00:00Z');

/** A real journal in a folder of its own, and the history on it. Event n was accepted n minutes after `acceptedAt`. */
export async function journalWorld(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), 'auditsink-admin-'));
  let now = acceptedAt;
  const journal = new SqliteJournal(dir, { clock: { ...systemClock, now: () => now }, onStall: () => {} });
  const history = new SqliteHistory(dir);
  t.after(async () => {
    history.close();
    await journal.close();
    await rm(dir, { recursive: true });
  });
  const decode = createDecoder('flipt', 'json');
  return {
    history,
    /** Accepts events `e1` … `eN`; returns their seqs. */
    async accept(count: number, text = (n: number) => `{"type":"flag","action":"created","n":${n}}`) {
      const seqs: number[] = [];
      for (let n = 1; n <= count; n += 1) {
        now = acceptedAt + n * 60_000;
        const decoded = decode(text(n), () => `e${n}`);
        if (decoded.kind !== 'event') throw new Error(`no event: ${text(n)}`);
        const batch = { events: [decoded.incoming], rejects: [], skipped: 0, checkpoints: [] };
        seqs.push(...(await journal.append('flipt', batch, null)).seqs);
      }
      return seqs;
    },
    async settle(
      sink: string,
      deliveries: Array<[seq: number, state: DeliveryState]>,
      failedAttempts: FailedAttempt[] = [],
    ) {
      await journal.openSink(sink, 0);
      const cursor = Math.max(0, ...deliveries.map(([seq]) => seq));
      await journal.record([
        {
          sink,
          cursor,
          activeMs: 0,
          deliveries: deliveries.map(([seq, state]) => record(seq, state)),
          failedAttempts,
        },
      ]);
    },
  };
}

function record(seq: number, state: DeliveryState): DeliveryRecord {
  const failed = state !== 'delivered';
  return {
    seq,
    state,
    attempts: failed ? 3 : 1,
    firstAttemptAt: acceptedAt + 1000,
    updatedAt: acceptedAt + 2000,
    nextAttemptAt: state === 'retrying' ? acceptedAt + 10_000 : null,
    startedActiveMs: 0,
    status: failed ? 500 : 200,
    reason: failed ? 'answered 500' : null,
    durationMs: 12.5,
  };
}
