import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';

/** Every command there is, to be looked at and not run. */
export function commands(): readonly Command[] {
  const { stdin, stdout, stderr } = process;
  return createProgram({ argv: [], env: {}, stdin, stdout, stderr, signals: process }, () => {}).commands;
}
