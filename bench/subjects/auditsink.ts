import { fileSource, sinkConfig, writeConfig } from './config.ts';
import type { SinkOptions } from './config.ts';
import { startDaemon } from './program.ts';
import type { Subject } from './subject.ts';

/** auditsink with one sink, or several alike, on a journal of its own. */
export function auditsink(name: string, options: SinkOptions, sinks = 1): Subject {
  return {
    name,
    start: ({ dir, log, port }) =>
      startDaemon(
        writeConfig(dir, {
          sources: [fileSource('flipt', log)],
          sinks: Array.from({ length: sinks }, (_, i) => sinkConfig(`sink-${i}`, port, options)),
        }),
      ),
  };
}
