import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MeasuredProcess } from '../measured-process.ts';
import type { Subject } from './subject.ts';

/**
 * Fluent Bit tailing the log with its `http` output, tuned: flushed every 0.2 s, chunks on disk, tried again without
 * limit. One record per request takes `body_key` with `headers_key` (docs.fluentbit.io, outputs/http); `chunks`
 * sends what it gathered as JSON lines instead. None without a path to its binary.
 */
export function fluentBit(
  command: string | undefined,
  workers: number,
  options: { chunks?: boolean } = {},
): Subject[] {
  if (command === undefined) return [];
  const { chunks = false } = options;
  return [
    {
      name: `Fluent Bit × ${workers}${chunks ? ', its own chunks' : ''}`,
      start: ({ dir, log, port }) => {
        mkdirSync(dir, { recursive: true });
        const config = join(dir, 'fluent-bit.conf');
        const parsers = join(dir, 'parsers.conf');
        writeFileSync(parsers, '[PARSER]\n    Name json_line\n    Format json\n');
        writeFileSync(config, configText({ dir, log, port, parsers, workers, chunks }));
        return new MeasuredProcess(command, ['-q', '-c', config]);
      },
    },
  ];
}

function configText(of: {
  dir: string;
  log: string;
  port: number;
  parsers: string;
  workers: number;
  chunks: boolean;
}): string {
  const perRecord = `
[FILTER]
    Name modify
    Match *
    Add content-type application/json
[FILTER]
    Name nest
    Match *
    Operation nest
    Wildcard content-type
    Nest_under headers
`;
  return `[SERVICE]
    Flush 0.2
    Grace 1
    Log_Level error
    Parsers_File ${of.parsers}
    storage.path ${join(of.dir, 'storage')}
[INPUT]
    Name tail
    Path ${of.log}
    DB ${join(of.dir, 'tail.db')}
    Read_from_Head true
    Refresh_Interval 1
    Buffer_Chunk_Size 512k
    Buffer_Max_Size 4M
    storage.type filesystem
${of.chunks ? '    Parser json_line\n' : perRecord}[OUTPUT]
    Name http
    Match *
    Host 127.0.0.1
    Port ${of.port}
    URI /
    Workers ${of.workers}
    Retry_Limit no_limits
    ${of.chunks ? 'Format json_lines' : 'body_key $log\n    headers_key $headers'}
`;
}
