import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../src/core/clock.ts';
import { silentLogger } from '../src/core/logger.ts';
import { createMetrics } from '../src/core/metrics.ts';
import type { Decoder, Intake } from '../src/core/source.ts';
import type { JsonObject } from '../src/core/event.ts';
import { createFileSource } from '../src/sources/file/source.ts';

/**
 * The file source alone, without journal and sinks: lines per second from a cold start, time from an append to
 * its acceptance, and the cost of waiting. `node bench/tail.ts [lines]`
 */
const total = Number(process.argv[2] ?? 400_000);
const appends = 300;
const idleMs = 10_000;

function eventLine(n: number): string {
  const payload = {
    description: 'x'.repeat(90),
    enabled: n % 2 === 0,
    key: `flag-${n}`,
    name: `Flag ${n}`,
    namespace_key: 'default',
  };
  const metadata = {
    actor: { authentication: 'oidc', email: 'alice@example.com', ip: '10.1.2.3', name: 'Alice Example' },
  };
  const timestamp = '2026-01-15T09:30:00Z';
  return `${JSON.stringify({ version: '0.2', type: 'flag', action: 'updated', status: 'success', metadata, payload, timestamp })}\n`;
}

const decode: Decoder = (text, id) => {
  const raw = JSON.parse(text) as JsonObject;
  const event = {
    id: id(),
    source: 'bench',
    version: '',
    type: '',
    action: '',
    metadata: {},
    payload: null,
    timestamp: '',
    status: '',
    raw,
  };
  return { kind: 'event', incoming: { event, format: 'json', text } };
};

const clock: Clock = systemClock;
const folder = await mkdtemp(join(tmpdir(), 'auditsink-bench-'));
try {
  const path = join(folder, 'audit.log');
  let bytes = 0;
  for (let n = 0; n < total; n += 10_000) {
    const text = Array.from({ length: Math.min(10_000, total - n) }, (_, i) => eventLine(n + i)).join('');
    bytes += text.length;
    await appendFile(path, text);
  }
  let accepted = 0;
  let arrived: (() => void) | null = null;
  const rows = new Map<string, string>();
  const intake: Intake = {
    checkpoints: async () => rows,
    accept: async (batch) => {
      accepted += batch.events.length;
      arrived?.();
    },
  };
  const until = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (accepted >= count) resolve();
      };
      arrived = check;
      check();
    });
  const source = createFileSource(
    { name: 'bench', path, startAt: 'beginning', maxLineBytes: 2 ** 20, pollIntervalMs: 250 },
    { decode, clock, logger: silentLogger, metrics: createMetrics() },
  );
  const cpu = process.cpuUsage();
  const began = performance.now();
  await source.start(intake);
  await until(total);
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  const perLine = (user + system) / total;
  console.log(
    `${total} lines of ${Math.round(bytes / total)} bytes: ${Math.round((total / ms) * 1000)} lines/s, ${perLine.toFixed(2)} µs CPU each`,
  );

  const waits: number[] = [];
  for (let n = 0; n < appends; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const at = performance.now();
    const done = until(total + n + 1);
    await writeFile(path, eventLine(n), { flag: 'a' });
    await done;
    waits.push(performance.now() - at);
  }
  waits.sort((a, b) => a - b);
  const quantile = (q: number): string => (waits[Math.floor(q * waits.length)] ?? 0).toFixed(2);
  console.log(
    `append to accept: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, max ${quantile(0.9999)} ms`,
  );

  const idleFrom = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  const idle = process.cpuUsage(idleFrom);
  console.log(`idle: ${((idle.user + idle.system) / 10 / idleMs).toFixed(3)} % of a core`);
  await source.stop();
} finally {
  await rm(folder, { recursive: true, force: true });
}
