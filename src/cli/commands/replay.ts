import { replay as replayEvents } from '../../app/replay.ts';
import { AuditsinkError } from '../../core/errors.ts';
import type { ReplayQuery } from '../../core/history.ts';
import type { ReplayReport } from '../../core/operations.ts';
import { SqliteHistory } from '../../journal/sqlite-history.ts';
import { requireConfig, requireSink } from '../config-option.ts';
import type { Io } from '../io.ts';
import { counted } from '../plural.ts';
import { Progress } from '../progress.ts';

export interface ReplayOptions {
  config: string;
  sink: string;
  dead?: boolean;
  /** Wall ms. */
  since?: number;
  /** Wall ms. */
  until?: number;
  id?: string[];
  dryRun?: boolean;
  json?: boolean;
}

/** Owes a sink events again, which the daemon then delivers; 1 when one of the given ids is not to be found. */
export async function replay(io: Io, options: ReplayOptions): Promise<number> {
  const query = queryOf(options);
  const loaded = await requireConfig(io, options.config);
  const plan = requireSink(loaded, options.sink);
  const dryRun = options.dryRun === true;
  const history = new SqliteHistory(loaded.config.stateDir);
  const progress = new Progress(io);
  try {
    if (!history.sinks().some(({ sink }) => sink === options.sink)) {
      throw new AuditsinkError(
        'failed',
        `the journal does not know the sink ${options.sink} yet: start the daemon with it once`,
      );
    }
    const report = await replayEvents(history, plan, query, {
      dryRun,
      now: Date.now(),
      onPage: ({ matched }) => progress.show(`${counted(matched, 'event')} so far …`),
    });
    progress.clear();
    io.stdout.write(
      options.json === true
        ? `${JSON.stringify({ ...report, dry_run: dryRun })}\n`
        : reportText(options, report),
    );
    return options.id !== undefined && report.matched < new Set(options.id).size ? 1 : 0;
  } finally {
    history.close();
  }
}

function queryOf({ sink, dead, since, until, id }: ReplayOptions): ReplayQuery {
  if (dead !== true && since === undefined && until === undefined && id === undefined) {
    throw new AuditsinkError(
      'usage',
      'say which events: --dead, --since and --until, or --id; all of the journal is rarely meant (--since 9999d)',
    );
  }
  return {
    sink,
    ...(dead === true ? { states: ['dead'] as const } : {}),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(id === undefined ? {} : { eventIds: id }),
  };
}

function reportText({ sink, dryRun, id }: ReplayOptions, { matched, owed }: ReplayReport): string {
  if (matched === 0) {
    return id === undefined
      ? `nothing to replay to ${sink}\n`
      : `nothing to replay to ${sink}: the event is not in the journal, still owed, or not for this sink\n`;
  }
  return dryRun === true
    ? `${counted(matched, 'event')} would be owed to ${sink} again\n`
    : `${counted(owed, 'event')} owed to ${sink} again; the daemon delivers them\n`;
}
