import { rm } from 'node:fs/promises';

// Removes the given folders: what an earlier build left must not end up in a package.
for (const dir of process.argv.slice(2)) await rm(dir, { recursive: true, force: true });
