#!/usr/bin/env node
import { main } from './cli/main.ts';

process.exitCode = await main({
  argv: process.argv.slice(2),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signals: process,
});

// What a library still waits for, such as a collector of traces that hangs, does not hold the process up. The
// timer itself does not either.
setTimeout(() => process.exit(), 1000).unref();
