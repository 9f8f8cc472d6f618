import { redecode } from '../core/formats/decoder.ts';
import type { History, ReplayQuery } from '../core/history.ts';
import type { ReplayReport } from '../core/operations.ts';
import type { SinkPlan } from './sink-plan.ts';

const pageEvents = 1000;

/**
 * Owes a sink again what the query finds and the sink's filter lets through, a page at a time, so that
 * others can write in between; what arrives after it began is not meant. A dry run only counts. `onPage` hears the
 * count so far.
 */
export async function replay(
  history: History,
  plan: SinkPlan,
  query: ReplayQuery,
  options: { dryRun: boolean; now: number; onPage?: (report: ReplayReport) => void },
): Promise<ReplayReport> {
  const report: ReplayReport = { matched: 0, owed: 0 };
  const newest = history.lastSeq();
  let after = 0;
  for (;;) {
    const page = history.replayable(query, after, pageEvents).filter(({ seq }) => seq <= newest);
    const last = page.at(-1);
    if (last === undefined) return report;
    after = last.seq;
    const seqs = page
      .filter(({ source, id, format, text }) => plan.wants(redecode(source, id, format, text)))
      .map(({ seq }) => seq);
    report.matched += seqs.length;
    if (!options.dryRun) report.owed += history.replay(query.sink, seqs, options.now);
    options.onPage?.(report);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
