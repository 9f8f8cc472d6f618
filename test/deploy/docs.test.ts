import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { read, root } from './manifest.ts';
import { commands } from './program.ts';

const pages = ['deploy', 'operations', 'security', 'troubleshooting', 'dependencies'].map(
  (name) => `docs/${name}.md`,
);

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('every link of these pages leads somewhere', () => {
  for (const page of pages) {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)]+)\)/g)) {
      if (target.startsWith('https://')) continue;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      assert.ok(existsSync(join(root, file)), `${page}: ${target}`);
      if (anchor !== undefined) assert.ok(anchorsOf(file).includes(anchor), `${page}: ${target}`);
    }
  }
});

test('every command of these pages exists, with the options it is given', () => {
  const known = commands();
  let seen = 0;
  for (const page of pages) {
    const code = read(page).match(/```sh\n[^]*?```|`[^`\n]+`/g) ?? [];
    const shown = [
      ...code
        .join('\n')
        .matchAll(/(?:^|`|\$\(npx |exec <container> )auditsink ([a-z]+(?: [^`#\n)]*)?)(?=[`#\n)])/gm),
    ];
    for (const [, line = ''] of shown) {
      const [name = '', ...words] = line.trim().split(/\s+/);
      const command = known.find((one) => one.name() === name) ?? assert.fail(`${page}: ${line}`);
      for (const word of words.filter((one) => /^--?[a-z]/.test(one)))
        assert.ok(
          command.options.some(({ short, long }) => word === short || word === long),
          `${page}: ${line}: ${word}`,
        );
      seen += 1;
    }
  }
  assert.ok(seen > 25, `${seen} commands found`);
});

test('the operating guide has every alert, and no other', () => {
  const { groups } = parse(read('deploy/alerts.yaml')) as {
    groups: Array<{ rules: Array<{ alert: string }> }>;
  };
  const described = [...read('docs/operations.md').matchAll(/^\| `(Auditsink\w+)`/gm)].map(
    ([, name]) => name,
  );
  assert.deepEqual(
    described,
    groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)),
  );
});

test('each dependency is described, with the one folder that imports it', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const page = read('docs/dependencies.md');
  const rows = [...page.matchAll(/^\| `([^`]+)` *\| `(src\/\w+)`/gm)];
  assert.deepEqual(new Set(rows.map(([, name]) => name)), new Set(Object.keys(dependencies)));
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path.includes('/'))
    .map((path) => ({ folder: `src/${path.split('/')[0]}`, text: read(`src/${path}`) }));
  for (const [, name = '', folder] of rows) {
    const importing = sources.filter(({ text }) => new RegExp(`from '${name}['/]`).test(text));
    assert.deepEqual([...new Set(importing.map((source) => source.folder))], [folder], name);
  }
  for (const name of Object.keys(devDependencies)) assert.ok(page.includes(`\`${name}\``), name);
});
