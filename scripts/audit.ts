import { spawnSync } from 'node:child_process';

// Known vulnerabilities in what is shipped: exit code 1. Where the registry cannot be asked, that is said and no failure.
const { stdout } = spawnSync('npm', ['audit', '--omit', 'dev', '--json'], { encoding: 'utf8' });
const report = parsed(stdout);
const total = report?.metadata?.vulnerabilities?.total;
if (total === undefined) {
  process.stdout.write('not audited: the registry does not answer\n');
} else {
  for (const [name, { severity, range }] of Object.entries(report?.vulnerabilities ?? {}))
    process.stdout.write(`${name} ${range}: ${severity}\n`);
  process.stdout.write(`${total} known vulnerabilities\n`);
  process.exitCode = total === 0 ? 0 : 1;
}

interface Report {
  metadata?: { vulnerabilities?: { total: number } };
  vulnerabilities?: Record<string, { severity: string; range: string }>;
}

function parsed(text: string): Report | undefined {
  try {
    return JSON.parse(text) as Report;
  } catch {
    // npm had nothing to say, as when it is not there.
    return undefined;
  }
}
