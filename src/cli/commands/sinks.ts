import { sinkView } from '../../admin/views.ts';
import { sinkStatuses } from '../../app/sink-status.ts';
import type { SinkStatus } from '../../core/operations.ts';
import { SqliteHistory } from '../../journal/sqlite-history.ts';
import { requireConfig } from '../config-option.ts';
import type { Io } from '../io.ts';
import { cut, printableLine } from '../printable.ts';
import { paintFor, type Paint } from '../style.ts';
import { table } from '../table.ts';
import { relative } from '../when.ts';

const stateStyles = { healthy: 'green', retrying: 'yellow', held: 'yellow', disabled: 'dim' } as const;
const maxReason = 60;

/** An overview of all sinks out of the journal, beside a running daemon or without one. */
export async function sinks(io: Io, options: { config: string; json?: boolean }): Promise<number> {
  const { config, plans } = await requireConfig(io, options.config);
  const history = new SqliteHistory(config.stateDir);
  try {
    const statuses = sinkStatuses(plans, history.sinks(), () => undefined);
    if (options.json === true) io.stdout.write(`${JSON.stringify(statuses.map(sinkView), null, 2)}\n`);
    else io.stdout.write(overview(statuses, paintFor(io.stdout, io.env), Date.now()));
    return 0;
  } finally {
    history.close();
  }
}

function overview(statuses: readonly SinkStatus[], paint: Paint, now: number): string {
  return table(
    ['SINK', 'STATE', 'PENDING', 'DEAD', 'LAST SUCCESS', 'LAST ERROR'],
    statuses.map((status) => [
      status.sink,
      paint(stateStyles[status.state], status.holds.includes('manual') ? 'paused' : status.state),
      String(status.pending),
      status.dead === 0 ? '0' : paint('red', String(status.dead)),
      relative(status.lastSuccessAt, now),
      status.lastFailureAt === null
        ? '-'
        : `${relative(status.lastFailureAt, now)}: ${cut(printableLine(status.lastFailure ?? ''), maxReason)}`,
    ]),
    paint,
  );
}
