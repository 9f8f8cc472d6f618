import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryOption } from '../src/cli/restart.ts';
import { bundleSingle } from './bundle.ts';

/*
 * build/sea/auditsink: Node and the program in one executable, for machines without Node. The templates and the
 * example config lie beside it. https://nodejs.org/api/single-executable-applications.html
 */
const dir = join(import.meta.dirname, '..', 'build', 'sea');
const output = join(dir, 'auditsink');
const configFile = join(dir, 'sea.json');
const main = join(dir, 'cli.mjs');

await bundleSingle(dir);
await writeFile(
  configFile,
  JSON.stringify({
    main,
    mainFormat: 'module',
    output,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    execArgv: [memoryOption],
    // NODE_OPTIONS in the environment reaches the executable as it reaches node.
    execArgvExtension: 'env',
  }),
);
const { status } = spawnSync(process.execPath, ['--build-sea', configFile], { stdio: 'inherit' });
if (status !== 0) process.exit(1);
await Promise.all([rm(configFile), rm(main)]);
