import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { versionOf } from '../machine.ts';
import { MeasuredProcess } from '../measured-process.ts';
import type { Subject } from './subject.ts';

/** Debian puts it where only root's PATH looks. */
const command = ['/usr/sbin/syslog-ng', '/usr/local/sbin/syslog-ng'].find((path) => existsSync(path));

/** Its version when it is installed (Debian: syslog-ng-core and syslog-ng-mod-http). */
export function syslogNgVersion(): string | undefined {
  return command === undefined ? undefined : versionOf(command);
}

/**
 * syslog-ng tailing the log with its `http()` destination, tuned: it looks every 0.1 s (a second by
 * default), holds a window of 100 000 lines, and lets the destination hold it back rather than drop. None when it
 * is not installed.
 */
export function syslogNg(workers: number, options: { batch?: number } = {}): Subject[] {
  if (command === undefined || syslogNgVersion() === undefined) return [];
  const { batch } = options;
  const batching = batch === undefined ? '' : `batch-lines(${batch}) batch-timeout(20) delimiter("\\n")`;
  return [
    {
      name: `syslog-ng × ${workers}`,
      start: ({ dir, log, port }) => {
        mkdirSync(dir, { recursive: true });
        const config = join(dir, 'syslog-ng.conf');
        writeFileSync(
          config,
          `@version: 3.35
options { stats-freq(0); };
source audit {
  file("${log}" follow-freq(0.1) flags(no-parse) log-msg-size(65536) log-iw-size(100000) log-fetch-limit(1000));
};
destination receiver {
  http(url("http://127.0.0.1:${port}/") method("POST") headers("Content-Type: application/json")
    body("\${MSG}") workers(${workers}) timeout(30) ${batching});
};
log { source(audit); destination(receiver); flags(flow-control); };
`,
        );
        const own = (name: string): string => join(dir, `syslog-ng.${name}`);
        return new MeasuredProcess(command, [
          '--foreground',
          '--no-caps',
          `--cfgfile=${config}`,
          `--persist-file=${own('persist')}`,
          `--pidfile=${own('pid')}`,
          `--control=${own('ctl')}`,
        ]);
      },
    },
  ];
}
