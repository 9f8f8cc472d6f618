import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { Problem } from '../../src/core/problem.ts';
import { cli, configFile, tempDir } from './world.ts';

const example = fileURLToPath(new URL('../../config.example.yaml', import.meta.url));

function withSink(sink: string, source = 'type: file, path: audit.log, format: flipt'): string {
  return `sources:
  - { name: flipt, ${source} }
sinks:
  - name: hook
    url: https://hooks.example.com/services/T0/very-secret
${sink.replaceAll(/^(?=.)/gm, '    ')}`;
}

test('the shipped example passes', async () => {
  const { code, stdout, stderr } = await cli(['check', '-c', example]);
  assert.deepEqual(
    { code, stdout, stderr },
    { code: 0, stdout: `${example}: ok, 1 source, 3 sinks\n`, stderr: '' },
  );
});

test('a file that is not there is a problem of the config', async (t) => {
  const file = join(tempDir(t), 'nowhere.yaml');
  const { code, stdout } = await cli(['check', '-c', file]);
  assert.equal(code, 78);
  assert.match(stdout, /nowhere\.yaml: error: cannot read the config/);
  assert.match(stdout, /nowhere\.yaml: 1 error\n$/);
});

test('all problems are printed with their places, then counted', async (t) => {
  const file = configFile(
    t,
    `${withSink('bodi: x\n')}  - { name: hook, url: "http://127.0.0.1/" }\nlogg: {}\n`,
  );
  const { code, stdout } = await cli(['check', '-c', file]);
  assert.equal(code, 78);
  assert.match(stdout, /:6:5: error: .*bodi[^]*help: did you mean `?body/);
  assert.match(stdout, /:7:\d+: error: .*hook/);
  assert.match(stdout, /:8:1: error: .*logg/);
  assert.match(stdout, /: 3 errors\n$/);
  assert.doesNotMatch(stdout, /very-secret/);
});

test('a template that does not compile is shown at its line of the config', async (t) => {
  const file = configFile(t, withSink('body: |\n  {"a": "{{type}}",\n   "b": "{{uper action}}"}\n'));
  const { code, stdout } = await cli(['check', '-c', file]);
  assert.equal(code, 78);
  assert.match(
    stdout,
    /config\.yaml:8:16: error: unknown helper "uper"\n {2}8 \| .*uper action.*\n +\^+\n {2}help: did you mean upper\?/,
  );
});

test('a template that fails with one of the samples is shown with that sample', async (t) => {
  // Raw text outside of quotes is no JSON.
  const file = configFile(t, withSink('events: ["flag:*"]\nbody: |\n  {"a": {{{payload.key}}} }\n'));
  const { code, stdout } = await cli(['check', '-c', file]);
  assert.equal(code, 78);
  assert.match(stdout, /config\.yaml:\d+:\d+: error: .*\(with the sample flipt\.flag\./);
});

test('a misspelled field is a warning, which does not stop the daemon', async (t) => {
  const file = configFile(t, withSink('events: ["flag:*"]\nbody: |\n  {"a": "{{payload.kee}}"}\n'));
  const { code, stdout } = await cli(['check', '-c', file]);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /config\.yaml:8:\d+: warning: payload\.kee is in none of the samples[^]*did you mean payload\.key\?/,
  );
  assert.match(stdout, /config\.yaml: ok, 1 warning, 1 source, 1 sink\n$/);
});

test('a problem in a template file and in a partial is shown there', async (t) => {
  const dir = tempDir(t);
  mkdirSync(join(dir, 'templates', 'partials'), { recursive: true });
  writeFileSync(join(dir, 'hook.hbs'), '{"a": "{{> who}}"}\n');
  writeFileSync(join(dir, 'templates', 'partials', 'who.hbs'), '{{metadata.actor.nmae}}');
  const file = configFile(t, withSink('template: hook.hbs\n'), dir);
  const { code, stdout } = await cli(['check', '-c', file]);
  assert.equal(code, 0);
  assert.match(stdout, /partials\/who\.hbs:1:\d+: warning: metadata\.actor\.nmae/);
});

test('where `match` lets no sample through, they are rendered all the same', async (t) => {
  const sink =
    'match: { payload.namespace_key: mine }\nevents: ["flag:*"]\nbody: |\n  {"a": {{{payload.key}}} }\n';
  const { code } = await cli(['check', '-c', configFile(t, withSink(sink))]);
  assert.equal(code, 78);
});

test('samples in the format of the source are taken', async (t) => {
  const source = 'type: stdin, format: rollgate';
  const sink = 'body: |\n  {"a": "{{raw.triggered_by.email}}"}\n';
  const { code, stdout } = await cli(['check', '-c', configFile(t, withSink(sink, source))]);
  assert.equal(stdout.split('\n').at(-2)?.endsWith(': ok, 1 source, 1 sink'), true);
  assert.equal(code, 0);
});

test('on a terminal the sink that is being checked is shown while it is', async () => {
  const { stderr } = await cli(['check', '-c', example], { tty: true });
  assert.match(
    stripVTControlCharacters(stderr),
    /^\rchecking slack …\rchecking flipt-webhook …\rchecking production-changes …\r$/,
  );
});

test('--format json is for machines', async (t) => {
  const file = configFile(t, withSink('bodi: x\n'));
  const { code, stdout } = await cli(['check', '-c', file, '--format', 'json']);
  assert.equal(code, 78);
  const report = JSON.parse(stdout) as { ok: boolean; errors: number; warnings: number; problems: Problem[] };
  assert.equal(report.ok, false);
  assert.equal(report.errors, 1);
  assert.deepEqual(
    report.problems.map(({ severity, code: name, line, column }) => ({ severity, name, line, column })),
    [{ severity: 'error', name: 'unknown_key', line: 6, column: 5 }],
  );
  const ok = JSON.parse((await cli(['check', '-c', example, '--format', 'json'])).stdout) as object;
  assert.deepEqual(ok, {
    ok: true,
    file: example,
    sources: 1,
    sinks: 3,
    errors: 0,
    warnings: 0,
    problems: [],
  });
});
