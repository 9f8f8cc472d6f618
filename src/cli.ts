#!/usr/bin/env node
// Says so plainly, where an older Node would fail on a module it does not have.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(`auditsink needs Node 24.15 or later; this is ${process.version}\n`);
  process.exit(1);
}

// On a machine with much memory V8 lets its young generation grow to 96 MB, of which nothing here needs more than half.
// That can only be said at the start; whoever gives Node options of their own is left alone.
if (process.argv[2] === 'run' && process.execArgv.length === 0 && process.env['NODE_OPTIONS'] === undefined) {
  try {
    process.execve?.(process.execPath, [
      process.execPath,
      '--max-semi-space-size=16',
      ...process.argv.slice(1),
    ]);
  } catch {
    // Where it is not allowed it goes without.
  }
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
