import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { Config, SinkConfig } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/core/problem.ts';

const dir = mkdtempSync(join(tmpdir(), 'auditsink-config-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));

async function load(yaml: string, env: Record<string, string> = {}) {
  const file = join(dir, 'config.yaml');
  writeFileSync(file, yaml);
  return loadConfig(file, env);
}

async function good(yaml: string, env: Record<string, string> = {}): Promise<Config> {
  const { config, problems } = await load(yaml, env);
  assert.ok(config !== null, problems.map(formatProblem).join('\n'));
  return config;
}

const base =
  'sources:\n  - { name: flipt, type: file, path: audit.log }\nsinks:\n  - name: hook\n    url: http://h.example/x\n';

async function sink(lines: string, env: Record<string, string> = {}): Promise<SinkConfig> {
  const indented = lines.split('\n').map((line) => `    ${line}`);
  const [only] = (await good(base + indented.join('\n'), env)).sinks;
  assert.ok(only !== undefined);
  return only;
}

describe('defaults', () => {
  test('of everything around the sinks', async () => {
    const { sinks, ...rest } = await good(base);
    assert.equal(sinks.length, 1);
    assert.deepEqual(rest, {
      file: join(dir, 'config.yaml'),
      partialsDir: join(dir, 'templates', 'partials'),
      stateDir: join(dir, 'state'),
      log: { level: 'info', format: 'json' },
      admin: { host: '127.0.0.1', port: 9470, token: null },
      journal: { retentionMs: 7 * 86_400_000, maxBytes: 2 ** 30 },
      shutdownGraceMs: 10_000,
      sources: [
        {
          type: 'file',
          name: 'flipt',
          path: join(dir, 'audit.log'),
          format: 'auto',
          startAt: 'beginning',
          maxLineBytes: 2 ** 20,
          pollIntervalMs: 250,
        },
      ],
    });
  });

  test('of a sink', async () => {
    assert.deepEqual(await sink(''), {
      name: 'hook',
      url: 'http://h.example/x',
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      events: ['*:*'],
      match: {},
      sources: null,
      body: null,
      preset: null,
      signature: null,
      policy: {
        concurrency: 8,
        orderBy: null,
        rateLimit: null,
        retry: {
          initialIntervalMs: 500,
          multiplier: 2,
          maxIntervalMs: 30_000,
          jitter: 'full',
          maxAttempts: null,
          scheduleMs: null,
          maxElapsedMs: 15_000,
          on: ['network', 'timeout', 'dns', 408, 425, 429, '5xx'],
        },
        circuitBreaker: null,
        batch: null,
        timeoutMs: 10_000,
        success: null,
      },
      tls: { ca: null, cert: null, key: null },
      proxy: null,
      enabled: true,
      startFrom: 'now',
    } satisfies SinkConfig);
  });

  test('of sections that are only named', async () => {
    const { policy } = await sink('circuit_breaker: {}\nbatch: { format: ndjson }\nretry:\ntls:\n  ca_file:');
    assert.deepEqual(policy.circuitBreaker, { failures: 5, probeIntervalMs: 30_000 });
    assert.deepEqual(policy.batch, { maxEvents: 100, maxBytes: 2 ** 20, maxWaitMs: 1000, format: 'ndjson' });
  });
});

describe('a proxy', () => {
  test('is taken as curl takes it, with a password', async () => {
    assert.equal((await sink('proxy: proxy.corp:3128')).proxy, 'http://proxy.corp:3128/');
    assert.equal((await sink('proxy: http://p/path')).proxy, 'http://p/');
    assert.equal((await sink('proxy: ${env:P}', { P: 'http://u:pw@p:1' })).proxy, 'http://u:pw@p:1/');
  });

  test('that is none is told at its place, without its value', async () => {
    const { config, problems } = await load(`${base}    proxy: 'u:S3CRET@::::'\n`);
    assert.equal(config, null);
    const [problem] = problems;
    assert.deepEqual([problem?.line, problem?.code], [6, 'bad_url']);
    assert.doesNotMatch(problems.map(formatProblem).join('\n'), /S3CRET|Authorization/);
  });
});

describe('what is written wins', () => {
  test('over a preset, setting by setting', async () => {
    const flipper = await sink(
      'preset: flipper\nsigning_secret: abc\nretry: { max_attempts: 3 }\ntimeout: 1s',
    );
    assert.deepEqual(flipper.signature, { scheme: 'flipper', secrets: ['abc'] });
    assert.equal(flipper.policy.timeoutMs, 1000);
    assert.equal(flipper.policy.retry.maxAttempts, 3);
    assert.equal(flipper.policy.retry.initialIntervalMs, 21_100);
    assert.deepEqual(flipper.policy.retry.on, ['network', 'timeout', 'dns', '5xx']);
  });

  test('a schedule ends the retries alone, unless a bound is written', async () => {
    const scheduled = await sink('preset: flipper\nretry: { schedule: [1s, 2m] }');
    assert.deepEqual(scheduled.policy.retry.scheduleMs, [1000, 120_000]);
    assert.equal(scheduled.policy.retry.maxElapsedMs, null);
    assert.equal(scheduled.policy.retry.maxAttempts, null);
    const bounded = await sink('retry: { schedule: 1s }\nmax_backoff_duration: 3s');
    assert.equal(bounded.policy.retry.maxElapsedMs, 3000);
  });

  test('growing waits over a preset with a schedule', async () => {
    const { retry } = (await sink('preset: rollgate\nretry: { multiplier: 3 }')).policy;
    assert.equal(retry.scheduleMs, null);
    assert.equal(retry.multiplier, 3);
    assert.equal(retry.maxElapsedMs, 15_000);
    assert.ok(retry.on.includes('non-2xx'));
  });

  test('signatures: by name, by header, by preset, by default', async () => {
    const secret = 'signing_secret: [new, old]\n';
    assert.deepEqual((await sink(secret)).signature, { scheme: 'flipt', secrets: ['new', 'old'] });
    assert.equal((await sink(`${secret}preset: rollgate`)).signature?.scheme, 'rollgate');
    assert.equal((await sink(`${secret}preset: rollgate\nsignature: flipper`)).signature?.scheme, 'flipper');
    assert.deepEqual(
      (await sink(`${secret}signature: { header: X-Sig, value: "sha256={{hmac}}" }`)).signature,
      {
        scheme: 'template',
        header: 'X-Sig',
        value: 'sha256={{hmac}}',
        secrets: ['new', 'old'],
      },
    );
  });

  test('http and stdin sources', async () => {
    const { sources } = await good(
      'sources:\n  - { name: a, type: stdin, format: json }\n' +
        '  - { name: b, type: http, listen: "[::1]:0", path: /b, verify: { bearer: [t1, t2] } }\n' +
        '  - { name: c, type: http, listen: localhost:9471, max_body_bytes: 2KiB, verify: { signature: rollgate, secret: s } }\n' +
        'sinks: [{ name: a, url: http://a.example }]\n',
    );
    assert.deepEqual(sources, [
      { type: 'stdin', name: 'a', format: 'json', maxLineBytes: 2 ** 20 },
      {
        type: 'http',
        name: 'b',
        host: '::1',
        port: 0,
        path: '/b',
        format: 'auto',
        maxBodyBytes: 2 ** 20,
        verify: { scheme: 'bearer', secrets: ['t1', 't2'] },
      },
      {
        type: 'http',
        name: 'c',
        host: 'localhost',
        port: 9471,
        path: '/',
        format: 'auto',
        maxBodyBytes: 2048,
        verify: { scheme: 'rollgate', secrets: ['s'] },
      },
    ]);
  });

  test('a URL is kept as it is written', async () => {
    const { sinks } = await good(base.replace('http://h.example/x', 'HTTP://H.example:80/a//b/?q=%7e'));
    assert.equal(sinks[0]?.url, 'HTTP://H.example:80/a//b/?q=%7e');
  });

  test('header values are the text of the file', async () => {
    const { headers } = await sink(
      'headers: { content-type: text/plain, X-Version: 1.0, X-Flag: true, X-Id: 007 }',
    );
    assert.deepEqual(headers, {
      'content-type': 'text/plain',
      'X-Version': '1.0',
      'X-Flag': 'true',
      'X-Id': '007',
    });
  });

  test('anchors and merge keys', async () => {
    const { sinks } = await good(
      `${base}    retry: &slow { initial_interval: 2s, max_interval: 1m }\n` +
        '  - { name: b, url: http://b.example, retry: *slow }\n' +
        '  - { name: c, url: http://c.example, retry: { <<: *slow, max_interval: 3m } }\n',
    );
    assert.equal(sinks[1]?.policy.retry.initialIntervalMs, 2000);
    assert.equal(sinks[2]?.policy.retry.initialIntervalMs, 2000);
    assert.equal(sinks[2]?.policy.retry.maxIntervalMs, 180_000);
  });
});

describe('variables', () => {
  test('in any value, also in flow style, with defaults, files and dollars', async () => {
    writeFileSync(join(dir, 'secret'), 'from file \n\n');
    const { headers, policy, enabled, signature } = await sink(
      'headers: { A: ${env:A}, B: "x-${B}-${env:NONE:-d}", C: ${env:EMPTY:-a: {b # c}, D: $$A $x }\n' +
        'signing_secret: [${file:secret}]\nconcurrency: ${env:N}\nenabled: ${env:E}\ntimeout: ${env:T:-3s}',
      { A: 'one: two # three', B: '${env:A}', EMPTY: '', N: '3', E: 'false' },
    );
    assert.deepEqual(headers, {
      'Content-Type': 'application/json',
      A: 'one: two # three',
      B: 'x-${env:A}-d',
      C: 'a: {b # c',
      D: '$A $x',
    });
    assert.deepEqual(signature?.secrets, ['from file']);
    assert.equal(policy.concurrency, 3);
    assert.equal(enabled, false);
    assert.equal(policy.timeoutMs, 3000);
  });

  test('an empty default leaves the setting out', async () => {
    const made = await sink('signing_secret: ${env:NONE:-}\nproxy: ${env:NONE:-}\nheaders: { A: ${NONE:-} }');
    assert.equal(made.signature, null);
    assert.equal(made.proxy, null);
    const rotating = await sink('signing_secret: [ "${env:NEW:-}", "${env:OLD}" ]', { OLD: 'old' });
    assert.deepEqual(rotating.signature?.secrets, ['old']);
    const unsigned = await load(`${base}    signature: flipt\n    signing_secret: [ "\${env:NEW:-}" ]\n`);
    assert.deepEqual(
      unsigned.problems.map(({ code }) => code),
      ['secret_missing'],
    );
    assert.deepEqual(made.headers, { 'Content-Type': 'application/json' });
  });

  test('not in comments, and a set but empty variable is no URL', async () => {
    const { problems } = await load(
      `# \${env:NOT_THERE}\n${base}    proxy: \${env:EMPTY} # \${env:NOT_THERE}\n`,
      { EMPTY: '' },
    );
    assert.deepEqual(
      problems.map(({ code, line }) => [code, line]),
      [['empty', 7]],
    );
  });

  test('property: whatever a variable holds is the text of the setting, never YAML and never replaced again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .string({
            unit: fc.constantFrom(
              'a',
              ' ',
              '\n',
              '"',
              "'",
              ':',
              '#',
              '{',
              '}',
              '${env:B}',
              '$$',
              '&',
              '*',
              '- ',
              '\\',
            ),
            minLength: 1,
          })
          .filter((value) => value.trim() !== ''),
        async (value) => {
          for (const written of ['${env:A}', '"${env:A}"', "'${A}'"]) {
            // oxlint-disable-next-line no-await-in-loop
            const { signature } = await sink(`signing_secret: [ ${written} ]`, { A: value, B: 'wrong' });
            assert.deepEqual(signature?.secrets, [value]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('bodies', () => {
  test('a template file is read, watched, and is its own place', async () => {
    writeFileSync(join(dir, 'slack.hbs'), '{"text": "{{type}}"}\n');
    const { config, files } = await load(`${base}    template: slack.hbs\n`);
    const body = config?.sinks[0]?.body;
    assert.ok(body?.kind === 'text');
    assert.equal(body.text, '{"text": "{{type}}"}\n');
    assert.equal(body.place.file, join(dir, 'slack.hbs'));
    assert.deepEqual(body.place.locate(1, 11), { line: 1, column: 11 });
    assert.equal(body.place.excerpt(1, 11), '{"text": "{{type}}"}');
    assert.deepEqual(files, [
      join(dir, 'config.yaml'),
      join(dir, 'slack.hbs'),
      join(dir, 'templates', 'partials'),
    ]);
  });

  test('`body: preset`', async () => {
    assert.deepEqual((await sink('preset: rollgate\nbody: preset')).body, {
      kind: 'preset',
      preset: 'rollgate',
    });
  });

  test('the places of the strings of a tree', async () => {
    const { body } = await sink(
      'body:\n  text: "{{type}}"\n  list: [1, null, "a {{b}}"]\n  empty:\n  "a/b": x',
    );
    assert.ok(body?.kind === 'tree');
    assert.deepEqual(body.tree, { text: '{{type}}', list: [1, null, 'a {{b}}'], empty: null, 'a/b': 'x' });
    assert.deepEqual([...body.places.keys()], ['/text', '/list/2', '/a~1b']);
    assert.deepEqual(body.places.get('/list/2')?.locate(1, 3), { line: 8, column: 26 });
  });

  /** Where `@` stands in the text must be where it stands in the file. */
  const styles: Array<readonly [string, string]> = [
    ['a block', 'body: |\n  {"a": 1,\n\n     "b": "@"}\n'],
    ['a block with its own indentation', 'body: |2-\n    {"a": 1,\n    @ }\n'],
    ['a folded block', 'body: >-\n  one\n  two\n  three @ four\n'],
    ['double quotes', 'body: "a \\"b\\" \\u00e9 \\n @ c"\n'],
    ['single quotes', "body: 'it''s @ c'\n"],
    ['quotes over lines', 'body: "one\n  two\n  three @ four"\n'],
    ['plain', 'body: one two @ three\n'],
    ['after a variable', 'body: |\n  ${env:LONG} x ${env:SHORT:-} @\n'],
    ['after a variable over lines', 'body: |\n  ${env:LINES}\n  $$ @\n'],
  ];
  for (const [name, yaml] of styles) {
    test(`the place inside ${name}`, async () => {
      const env = { LONG: 'x'.repeat(50), SHORT: '', LINES: 'a\nb\nc' };
      const { body } = await sink(yaml, env);
      assert.ok(body?.kind === 'text');
      const lines = body.text.split('\n');
      const line = lines.findIndex((text) => text.includes('@'));
      const found = body.place.locate(line + 1, (lines[line] ?? '').indexOf('@') + 1);
      const file = (
        base +
        yaml
          .split('\n')
          .map((text) => `    ${text}`)
          .join('\n')
      ).split('\n');
      assert.equal(file[found.line - 1]?.[found.column - 1], '@');
    });
  }

  test('line ends of Windows', async () => {
    const { config } = await load(`${base}    body: |\n      {"a":\n      "@"}\n`.replaceAll('\n', '\r\n'));
    const body = config?.sinks[0]?.body;
    assert.ok(body?.kind === 'text');
    assert.equal(body.text, '{"a":\n"@"}\n');
    assert.deepEqual(body.place.locate(2, 2), { line: 8, column: 8 });
  });
});

describe('files that are no config', () => {
  test('a missing file, a folder, broken UTF-8', async () => {
    const missing = await loadConfig(join(dir, 'none.yaml'), {});
    assert.equal(missing.config, null);
    assert.match(
      missing.problems.map(formatProblem).join(),
      /none\.yaml: error: cannot read the config: there is no such file/,
    );
    const folder = await loadConfig(dir, {});
    assert.match(folder.problems[0]?.message ?? '', /directory/);
    writeFileSync(join(dir, 'broken.yaml'), Buffer.from([0x61, 0x3a, 0xff]));
    const broken = await loadConfig(join(dir, 'broken.yaml'), {});
    assert.match(broken.problems[0]?.message ?? '', /UTF-8/);
  });

  test('property: any text ends in problems or a config, never in an exception', async () => {
    const token = fc.constantFrom(
      'sources:',
      'sinks:',
      '\n',
      '  ',
      '- ',
      'name: a',
      'url: ',
      'http://a',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '|',
      '>',
      '&a ',
      '*a ',
      '<<: ',
      '${',
      '${env:A}',
      '$$',
      '#',
      ': ',
      ',',
      '\t',
      '!!str ',
      '? ',
      '---',
      'retry: ',
      '\uFDD0',
      '__proto__: ',
      'body: ',
      'é',
      '\0',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(token, { maxLength: 30 }), async (tokens) => {
        const { config, problems } = await load(tokens.join(''));
        assert.ok(config !== null || problems.some(({ severity }) => severity === 'error'));
      }),
      { numRuns: 300 },
    );
  });

  test('property: no secret of a broken file is shown', async () => {
    const secret = 'S3CRET';
    const lines = [
      '    signing_secret: S3CRET',
      '    headers:\n      Cookie: "S3CRET\n      X: S3CRET',
      '    template: https://h.example/S3CRET',
      '    order_by: http://u:S3CRET@h.example/x',
      '    headers: { A: S3CRET }',
      '    proxy: http://p/S3CRET',
      '    proxy: u:S3CRET@p:99999',
      '    proxy: http://u:S3CRET@[p',
      '    signature: ${env:X:-S3CRET}',
      '    signing_secret: |\n      S3CRET',
      '   bad',
      '\tx',
      '    timeout: "10s',
      '    retry: [',
      '    unknown: 1',
      '    timeout: 10',
      '   - x',
    ];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(lines, { minLength: 1 }), async (chosen) => {
        const { problems } = await load(`${base.replace('/x', `/${secret}`)}${chosen.join('\n')}\n`);
        assert.doesNotMatch(problems.map(formatProblem).join('\n'), /S3CRET/);
      }),
      { numRuns: 300 },
    );
  });
});

test('no value of a variable is shown, whatever setting it is put into', async () => {
  const v = '${env:V}';
  const yaml = (value: string): string => `
state_dir: ${value}
log: { level: ${value}, format: ${value} }
admin: { listen: ${value}, token: ${value} }
journal: { retention: ${value}, max_bytes: ${value} }
shutdown_grace: ${value}
sources:
  - { name: ${value}, type: ${value} }
  - { name: ${value}, type: file, path: ${value}, format: ${value}, start_at: ${value}, poll_interval: ${value} }
  - { name: ${value}, type: http, listen: ${value}, path: ${value}, verify: { signature: ${value}, secret: ${value} } }
  - { name: c, type: http, listen: '127.0.0.1:1', verify: { signature: standard-webhooks, secret: ${value} } }
  - { name: d, type: http, listen: '127.0.0.1:2', verify: ${value} }
sinks:
  - name: ${value}
    url: ${value}
    method: ${value}
    enabled: ${value}
    headers: { A: ${value} }
    preset: ${value}
    events: [ ${value} ]
    match: { payload.key: ${value} }
    sources: ${value}
    start_from: ${value}
    template: ${value}
    signing_secret: ${value}
    signature: { header: ${value}, value: ${value} }
    timeout: ${value}
    concurrency: ${value}
    order_by: ${value}
    rate_limit: ${value}
    max_backoff_duration: ${value}
    retry: { initial_interval: ${value}, multiplier: ${value}, jitter: ${value}, schedule: [ ${value} ], on: ${value} }
    circuit_breaker: { failures: ${value} }
    batch: ${value}
    tls: { ca_file: ${value}, cert_file: ${value} }
    proxy: ${value}
  - { name: b, url: http://a.example, signature: standard-webhooks, signing_secret: ${value}, body: preset, preset: ${value} }
  - { name: ${value}, url: http://a.example, signature: ${value}, signing_secret: x, retry: ${value}, headers: ${value} }
`;
  for (const value of [
    'S3CRET',
    'S3CRET:created',
    'https://u:S3CRET@h/S3CRET',
    '12S3CRET',
    'S3CRET[',
    'S3CRET\n\tx',
    '{{S3CRET}}',
  ]) {
    const { problems } = await load(yaml(v), { V: value });
    assert.ok(problems.length > 20);
    assert.doesNotMatch(problems.map(formatProblem).join('\n'), /S3CRET/);
  }
});

test('a config of a hundred sinks loads in a moment', async () => {
  const sinks = Array.from(
    { length: 100 },
    (_, i) => `  - { name: s${i}, url: "http://h.example/${i}", body: "{{type}}" }`,
  );
  const { sinks: made } = await good(`${base}${sinks.join('\n')}\n`);
  assert.equal(made.length, 101);
});
