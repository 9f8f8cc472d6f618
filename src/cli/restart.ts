import { basename, isAbsolute } from 'node:path';

/** What Node is told of memory: 3 × 16 MB for what is young. The image says the same (deploy/rootfs.sh). */
export const memoryOption = '--max-semi-space-size=16';

/**
 * On a machine with much memory V8 lets its young generation grow to 96 MB, of which the daemon needs half, and only
 * hears of another limit when it starts: so this process is replaced by one of the same id that is told. Not where
 * Node is given options by its user; where descriptors above 2, which are not handed on, are in use (an IPC channel, a
 * config from `/dev/fd/3`); where Node was found in another way than by its own path; and before Node 26.10, which
 * aborts where the system forbids it, instead of throwing.
 */
export function restartWithLessMemory(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (process.execArgv.length > 0 || (process.env['NODE_OPTIONS'] ?? '') !== '') return;
  if (process.connected || process.argv.some((argument) => /^\/(?:dev|proc\/self)\/fd\//.test(argument)))
    return;
  if (!isAbsolute(process.execPath) || !basename(process.execPath).startsWith('node')) return;
  if (major < 26 || (major === 26 && minor < 10)) return;
  try {
    const command = [process.execPath, memoryOption, ...process.argv.slice(1)];
    process.execve?.(process.execPath, command);
  } catch {
    // Then with more memory.
  }
}
