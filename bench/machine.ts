import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** What the figures were taken on, without names of hosts or paths. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} × ${model}, ${memory} GiB, ${process.platform} ${release()}, Node ${process.version}`;
}

/** First line a program says to `--version`; undefined when it cannot be started. */
export function versionOf(command: string): string | undefined {
  try {
    const said = execFileSync(command, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return said.split('\n', 1)[0]?.trim();
  } catch {
    return undefined; // Not installed, or not for this machine.
  }
}
