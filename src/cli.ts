#!/usr/bin/env node
// Says so plainly, where an older Node would fail on a module it does not have.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(`auditsink needs Node 24.15 or later; this is ${process.version}\n`);
  process.exit(1);
}

if (process.argv[2] === 'run') {
  const { restartWithLessMemory } = await import('./cli/restart.ts');
  restartWithLessMemory();
}

const { main } = await import('./cli/main.ts');

process.exitCode = await main({
  argv: process.argv.slice(2),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signals: process,
});

// What a library still waits for, such as a collector of traces that hangs, does not hold the daemon up. The
// timer itself does not either. Of other commands it is the output that is waited for: `| less` may take its time.
if (['run', 'demo'].includes(process.argv[2] ?? '')) setTimeout(() => process.exit(), 1000).unref();
