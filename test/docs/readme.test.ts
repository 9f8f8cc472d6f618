import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadPlans } from '../../src/app/load.ts';
import { decodeSample } from '../../src/app/test-send.ts';
import { systemClock } from '../../src/core/clock.ts';
import { formatProblem } from '../../src/core/problem.ts';
import { version } from '../../src/core/version.ts';
import { tempDir } from '../support/temp-dir.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const packageJson = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
  scripts: Record<string, string>;
};

function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\n([^]*?)\n\`\`\``).exec(readme)?.[1];
  assert.ok(found !== undefined, `the README has a ${language} block`);
  return found;
}

test('the config, the line and the request of the README belong together', async (t) => {
  const dir = tempDir(t);
  const file = join(dir, 'config.yaml');
  writeFileSync(file, block('yaml'));
  const loaded = await loadPlans(
    file,
    { SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/x' },
    systemClock,
  );
  assert.ok(loaded.ok, loaded.problems.map(formatProblem).join('\n'));
  const [plan] = loaded.plans;
  const incoming = decodeSample(block('text'), 'auto', 'flipt');
  assert.ok(plan !== undefined && incoming !== undefined);
  assert.equal(plan.wants(incoming.event), true);
  const rendered = plan.template?.render(incoming.event);
  assert.ok(rendered?.ok === true);
  assert.equal(rendered.body.trim(), block('http').split('\n').at(-1));
});

test('the two commands of the README are scripts of the package, and its version is ours', () => {
  assert.match(readme, /npm ci && npm start/);
  assert.match(readme, /npm ci && npm test/);
  assert.match(packageJson.scripts['start'] ?? '', /src\/cli\.ts demo$/);
  assert.match(packageJson.scripts['test'] ?? '', /--test/);
  assert.equal(version, packageJson.version);
});

test('every document the README links to is there', () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1] as string);
  assert.ok(links.length > 10);
  for (const link of links) {
    assert.ok(existsSync(new URL(`../../${link}`, import.meta.url)), link);
  }
});
