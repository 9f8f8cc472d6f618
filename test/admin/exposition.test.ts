import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { assert as holds, asyncProperty, string } from 'fast-check';
import { createExposition } from '../../src/admin/exposition.ts';
import { processMetrics } from '../../src/admin/process-metrics.ts';
import { createMetrics } from '../../src/core/metrics.ts';

const golden = new URL('../golden/metrics.txt', import.meta.url);

test('a daemon with two sinks looks as in the golden file', async () => {
  const metrics = createMetrics();
  metrics.buildInfo.with('0.1.0').set(1);
  metrics.configReloadSuccess.with().set(1);
  metrics.journalMaxBytes.with().set(2 ** 30);
  metrics.journalBytes.with().read = () => 45_056;
  metrics.eventsRead.with('flipt').inc(12);
  metrics.eventsRejected.with('flipt', 'invalid_json').inc();
  metrics.linesSkipped.with('flipt').inc(30);
  metrics.bytesLost.with('flipt');
  metrics.sourceLag.with('flipt').set(512);
  for (const sink of ['slack', 'hook']) {
    for (const outcome of ['delivered', 'dead', 'filtered']) metrics.deliveries.with(sink, outcome);
    for (const reason of ['manual', 'retry_after', 'circuit_open']) metrics.sinkPaused.with(sink, reason);
    metrics.attemptDuration.with(sink);
    metrics.deliveryLatency.with(sink);
    metrics.sinkPending.with(sink);
    metrics.sinkOldestPending.with(sink);
  }
  metrics.deliveries.with('slack', 'delivered').inc(9);
  metrics.deliveries.with('slack', 'dead').inc();
  metrics.attempts.with('slack', '200').inc(9);
  metrics.attempts.with('slack', 'timeout').inc(3);
  // A value on a bound belongs to it; one above the last is only in +Inf.
  for (const seconds of [0.0005, 0.25, 0.3, 7200]) metrics.attemptDuration.with('slack').observe(seconds);
  metrics.sinkPending.with('slack').set(2);
  metrics.sinkOldestPending.with('slack').read = () => 3.5;
  metrics.sinkPaused.with('hook', 'manual').set(1);
  const text = await createExposition(metrics, []).text();
  if (process.env['UPDATE_GOLDEN'] !== undefined) await writeFile(golden, text);
  assert.equal(text, await readFile(golden, 'utf8'));
});

test('every family is there from the start, and what has no labels is 0', async () => {
  const metrics = createMetrics();
  const text = await createExposition(metrics, []).text();
  for (const { name, kind, labels } of Object.values(metrics)) {
    assert.match(text, new RegExp(`^# HELP ${name} .+\n# TYPE ${name} ${kind}$`, 'm'));
    if (labels.length === 0) assert.match(text, new RegExp(`^${name} 0$`, 'm'));
  }
});

test('the process is there under the usual names', async () => {
  const text = await createExposition(createMetrics(), processMetrics()).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  assert.ok(value('process_resident_memory_bytes') > 10e6);
  assert.ok(value('process_cpu_seconds_total') > 0);
  assert.ok(
    value('process_start_time_seconds') > 1.7e9 &&
      value('process_start_time_seconds') <= Date.now() / 1000 + 1,
  );
  assert.ok(value('nodejs_eventloop_lag_seconds') >= 0);
  assert.ok(value('nodejs_eventloop_active_seconds_total') >= 0);
  if (process.platform === 'linux') assert.ok(value('process_open_fds') >= 3);
});

test('each scrape shows the moment, and a dropped child is gone', async () => {
  const metrics = createMetrics();
  const exposition = createExposition(metrics, []);
  metrics.eventsRead.with('flipt').inc();
  assert.match(await exposition.text(), /^auditsink_events_read_total\{source="flipt"\} 1$/m);
  metrics.eventsRead.with('flipt').inc(2);
  assert.match(await exposition.text(), /^auditsink_events_read_total\{source="flipt"\} 3$/m);
  metrics.eventsRead.drop('flipt');
  assert.doesNotMatch(await exposition.text(), /events_read_total\{/);
});

test('no label value breaks a line', async () => {
  await holds(
    asyncProperty(string({ unit: 'binary' }), async (name) => {
      const metrics = createMetrics();
      metrics.eventsRead.with(name).inc();
      const text = await createExposition(metrics, []).text();
      const found = /^auditsink_events_read_total\{source="((?:[^"\\\n]|\\[\\"n])*)"\} 1$/m.exec(text);
      const unescaped = found?.[1]?.replaceAll(/\\([\\"n])/g, (_, c: string) => (c === 'n' ? '\n' : c));
      assert.equal(unescaped, name);
    }),
    { numRuns: 200 },
  );
});
