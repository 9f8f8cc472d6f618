import { testReportView } from '../../admin/views.ts';
import { samplesOf } from '../../app/check-samples.ts';
import { givenEvent } from '../../app/given-event.ts';
import { sendTest } from '../../app/test-send.ts';
import type { AttemptResult } from '../../core/attempt.ts';
import { systemClock } from '../../core/clock.ts';
import { formatDuration } from '../../core/duration.ts';
import type { IncomingEvent } from '../../core/event.ts';
import type { TestReport } from '../../core/operations.ts';
import { requireConfig, requireSink } from '../config-option.ts';
import type { Io } from '../io.ts';
import { printable, printableLine } from '../printable.ts';
import { readInput } from '../read-input.ts';
import { requestText } from '../request-text.ts';
import { paintFor, type Paint } from '../style.ts';
import { noSample, requireEvent } from './render.ts';

/** Sends one marked event now, without retries: 0 when it was delivered, 1 otherwise. */
export async function test(
  io: Io,
  options: { config: string; sink: string; event?: string; json?: boolean },
): Promise<number> {
  const loaded = await requireConfig(io, options.config);
  const plan = requireSink(loaded, options.sink);
  let incoming: IncomingEvent | undefined;
  if (options.event === undefined) {
    incoming = samplesOf(plan, loaded.config)[0];
    if (incoming === undefined) throw noSample(options.sink);
  } else {
    const text = (await readInput(io, options.event)).toString();
    incoming = requireEvent(givenEvent(text, plan, loaded.config), options.event);
  }
  const marked = { ...incoming, event: { ...incoming.event, id: `test-${crypto.randomUUID()}` } };
  const report = await sendTest(plan, marked, { clock: systemClock, env: io.env });
  io.stdout.write(
    options.json === true
      ? `${JSON.stringify(testReportView(report), null, 2)}\n`
      : reportText(report, paintFor(io.stdout, io.env)),
  );
  return report.verdict.kind === 'delivered' ? 0 : 1;
}

function reportText({ request, result, verdict, explanation }: TestReport, paint: Paint): string {
  const lines: string[] = [];
  if (request !== null) lines.push(requestText(request, paint));
  if (result !== null) lines.push(...resultLines(result, paint), '');
  lines.push(
    verdict.kind === 'delivered'
      ? paint('green', '✓ delivered')
      : paint('red', `✗ not delivered: ${printableLine(verdict.reason)}`),
  );
  if (verdict.kind === 'retryable') lines.push('  the daemon would try again');
  if (verdict.kind === 'fatal' && result !== null) lines.push('  the daemon would not try again');
  if (verdict.kind !== 'delivered' && explanation !== null) lines.push(`  ${explanation}`);
  return `${lines.join('\n')}\n`;
}

function resultLines(result: AttemptResult, paint: Paint): string[] {
  const took = `in ${formatDuration(result.durationMs)}`;
  if (result.kind === 'error') return [paint('bold', `no answer ${took}: ${printableLine(result.message)}`)];
  const lines = [paint('bold', `HTTP ${result.status} ${took}`)];
  if (result.retryAfter !== undefined)
    lines.push(`${paint('cyan', 'retry-after')}: ${printableLine(result.retryAfter)}`);
  if (result.reply !== '') lines.push(printable(result.reply));
  return lines;
}
