import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');

/**
 * Node's own modules are taken as they are. An `import` of one makes Node read each of its exports, which for
 * `node:http` alone loads its WebSocket client: 20 ms at every start.
 */
const nodeModules: Plugin = {
  name: 'node modules',
  setup(bundler) {
    bundler.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'node' }));
    bundler.onLoad({ filter: /.*/, namespace: 'node' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/** Only what src/webhook imports of undici: its index loads fetch, WebSocket and caches, 40 ms and 12 MB. */
const partsOfUndici: Plugin = {
  name: 'parts of undici',
  setup(bundler) {
    bundler.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'parts' }));
    bundler.onLoad({ filter: /.*/, namespace: 'parts' }, () => ({
      resolveDir: root,
      contents: `
        export { default as EnvHttpProxyAgent } from './node_modules/undici/lib/dispatcher/env-http-proxy-agent.js';
        export { default as ProxyAgent } from './node_modules/undici/lib/dispatcher/proxy-agent.js';`,
    }));
  },
};

/** Packages in CommonJS ask for Node's modules by `require`, which an ES module does not have. */
const requireBanner =
  "import { createRequire as createRequireHere } from 'node:module'; const require = createRequireHere(import.meta.url);";

const common: BuildOptions = {
  absWorkingDir: root,
  entryPoints: ['src/cli.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // Names stay, so that a stack trace can be read.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  plugins: [nodeModules, partsOfUndici],
  banner: { js: requireBanner },
  logLevel: 'warning',
};

/**
 * Writes the program with all it needs but Node itself into `to`: `dist/cli.mjs` with a file for each command,
 * the templates, the example config, and the licences of what is inside.
 */
export async function bundle(to: string): Promise<void> {
  await write(to, {
    splitting: true,
    outdir: join(to, 'dist'),
    outExtension: { '.js': '.mjs' },
    // As deep as in src: the demo looks for the example config from where its code is.
    chunkNames: 'cli/commands/[name]-[hash]',
  });
}

/** The same as one file, `cli.mjs`, which finds the other files in the folder of the executable. */
export async function bundleSingle(to: string): Promise<void> {
  await write(to, {
    outfile: join(to, 'cli.mjs'),
    define: { 'import.meta.url': 'sourceUrl' },
    banner: {
      js: `import { createRequire as createRequireHere } from 'node:module';
import { pathToFileURL } from 'node:url';
const sourceUrl = new URL('src/cli/commands/x', pathToFileURL(process.execPath)).href;
const require = createRequireHere(sourceUrl);`,
    },
  });
}

async function write(to: string, options: BuildOptions): Promise<void> {
  await rm(to, { recursive: true, force: true });
  const { metafile } = await build({ ...common, ...options, metafile: true });
  for (const name of ['templates', 'config.example.yaml', 'config.schema.json', 'LICENSE'])
    await cp(join(root, name), join(to, name), { recursive: true });
  await writeFile(join(to, 'THIRD-PARTY-LICENSES.txt'), await licences(metafile));
}

/** The licence texts of all packages whose code is in the bundle; most ask for that. Throws when one has none. */
async function licences(metafile: Metafile): Promise<string> {
  const folders = new Set(
    Object.keys(metafile.inputs).flatMap(
      (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? [],
    ),
  );
  const texts: string[] = [];
  for (const folder of [...folders].toSorted()) {
    const { name, version } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
    };
    const file = (await readdir(join(root, folder))).find((entry) => /^licen[sc]e/i.test(entry));
    if (file === undefined) throw new Error(`${folder} has no licence file`);
    texts.push(`${name} ${version}\n\n${(await readFile(join(root, folder, file), 'utf8')).trim()}\n`);
  }
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { to: { type: 'string', default: 'build/auditsink' } } });
  await bundle(values.to);
  process.stdout.write(`${relative('.', values.to)}/dist/cli.mjs\n`);
}
