import { AuditsinkError } from '../../core/errors.ts';
import { SqliteHistory } from '../../journal/sqlite-history.ts';
import { requireConfig, requireSink } from '../config-option.ts';
import type { Io } from '../io.ts';

interface PauseOptions {
  config: string;
  sink: string;
}

/** Holds a sink; a running daemon notices within a second, and it stays held over restarts. */
export function pause(io: Io, options: PauseOptions): Promise<number> {
  return setPaused(io, options, true);
}

/** Lets a held sink go on from where it stopped. */
export function resume(io: Io, options: PauseOptions): Promise<number> {
  return setPaused(io, options, false);
}

async function setPaused(io: Io, { config: file, sink }: PauseOptions, paused: boolean): Promise<number> {
  const loaded = await requireConfig(io, file);
  requireSink(loaded, sink);
  const history = new SqliteHistory(loaded.config.stateDir);
  try {
    if (!history.setPaused(sink, paused)) {
      throw new AuditsinkError(
        'failed',
        `the journal does not know the sink ${sink} yet: start the daemon with it once`,
      );
    }
  } finally {
    history.close();
  }
  io.stdout.write(
    paused
      ? `${sink} is paused: its events are kept until \`auditsink resume --sink ${sink}\`\n`
      : `${sink} goes on\n`,
  );
  return 0;
}
