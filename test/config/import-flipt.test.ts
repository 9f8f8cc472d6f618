import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { translateGoTemplate } from '../../src/config/go-template.ts';
import { importFlipt } from '../../src/config/import-flipt.ts';
import { loadConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/core/problem.ts';
import { sampleEvents } from '../../src/core/samples.ts';
import type { AuditEvent } from '../../src/core/event.ts';
import { compileText } from '../../src/templates/compile.ts';

const dir = mkdtempSync(join(tmpdir(), 'auditsink-import-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));

const denied = sampleEvents().find(({ status }) => status === 'denied');
const flag = sampleEvents().find(
  ({ type, action, payload }) => type === 'flag' && action === 'updated' && payload !== null,
);

function render(text: string, event: AuditEvent | undefined, contentType = 'text/plain'): string {
  assert.ok(event !== undefined);
  const compiled = compileText(text, { partialsDir: null, contentType });
  assert.ok(compiled.ok, `${text}: ${JSON.stringify(compiled)}`);
  const rendered = compiled.renderer.render(event);
  assert.ok(rendered.ok, rendered.ok ? '' : rendered.reason);
  return rendered.body;
}

const event: AuditEvent = {
  id: 'x',
  source: 'flipt',
  version: '0.2',
  type: 'flag',
  action: 'updated',
  metadata: { actor: { authentication: 'oidc', email: 'alice@example.com' } },
  payload: {
    key: 'k',
    enabled: true,
    list: [{ value: 'one' }, { value: 'two' }],
    'io.flipt.auth.token.name': 'ci',
    map: { a: 1, b: 2 },
  },
  timestamp: '2026-01-15T09:30:00Z',
  status: 'success',
  raw: { version: '0.2' },
};

describe('Go templates', () => {
  /** What Go's text/template prints for the event above. */
  const table: Array<[go: string, printed: string]> = [
    [
      '{{ .Type }}/{{.Action}} {{ .Status }} {{ .Version }} {{ .Timestamp }}',
      'flag/updated success 0.2 2026-01-15T09:30:00Z',
    ],
    ['{{ .Metadata.Actor.Email }} {{ .Metadata.Actor.Authentication }}', 'alice@example.com oidc'],
    ['{"p": {{ toJson .Payload.map }}}', '{"p": {"a":1,"b":2}}'],
    ['{{ .Payload.map | toJson }}', '{"a":1,"b":2}'],
    ['{{ toJson . }}', '{"version":"0.2"}'],
    ['{{ index .Payload "io.flipt.auth.token.name" }}', 'ci'],
    ['{{ (index .Payload.list 1).value }}', 'two'],
    ['{{ printf "%q" .Payload.key }} {{ .Payload.key | printf "%s!" }}', '"k" k!'],
    ['{{ printf "%s:%v 100%%" .Type .Payload.enabled }}', 'flag:true 100%'],
    ['{{ printf "%s:%s" .Type .Action | toJson }}', '"flag:updated"'],
    ['{{ print .Type "-" .Action }}', 'flag-updated'],
    ['{{ if eq .Type "rule" "flag" }}yes{{ else }}no{{ end }}', 'yes'],
    ['{{ if and .Payload.enabled (ne .Action "deleted") }}yes{{ end }}', 'yes'],
    ['{{ if not .Payload.enabled }}a{{ else if .Payload.nothing }}b{{ else }}c{{ end }}', 'c'],
    ['{{ range .Payload.list }}{{ .value }} {{ $.Type }},{{ end }}', 'one flag,two flag,'],
    ['{{ range $i, $x := .Payload.list }}{{ $i }}={{ $x.value }};{{ end }}', '0=one;1=two;'],
    ['{{ range $x := .Payload.list }}{{ $x.value }}{{ end }}', 'onetwo'],
    ['{{ range $k, $v := .Payload.map }}{{ $k }}={{ $v }};{{ end }}', 'a=1;b=2;'],
    ['{{ range .Payload.nothing }}x{{ else }}none {{ .Type }}{{ end }}', 'none flag'],
    [
      '{{ with .Metadata.Actor }}{{ .Email }}{{ with $.Payload }}{{ .key }}{{ end }}{{ end }}{{ .Type }}',
      'alice@example.comkflag',
    ],
    ['{{ $key := .Payload.key }}{{ range .Payload.list }}{{ $key }}{{ end }}', 'kk'],
    ['{{ if eq (len .Payload.list) 2 }}two{{ end }}', 'two'],
    ['a  {{- .Type -}}  b', 'aflagb'],
    ['a {{- "x" }} b {{- /* nothing */ -}} c', 'ax bc'],
    ['{{ "a}}b" }}{{ `c"d` }}', 'a}}bc"d'],
    ['C:\\{{ .Type }}', 'C:\\flag'],
    ['{{ urlquery "a b" }}', 'a%20b'],
    ['{{/* a --}} b */}}x', 'x'],
  ];
  for (const [go, printed] of table) {
    test(go, () => {
      const { text, notes } = translateGoTemplate(go);
      assert.deepEqual(notes, []);
      assert.equal(render(text, event), printed, text);
    });
  }

  test('what has no counterpart stays as a comment at its place, and the rest still works', () => {
    const lost: Array<[go: string, printed: string, notes: number]> = [
      ['a{{ upper .Type }}b', 'ab', 1],
      ['{{ if gt 2 1 }}a{{ else }}b{{ end }}c', 'abc', 1],
      ['{{ define "x" }}a{{ end }}{{ .Type }}', 'aflag', 1],
      ['{{ .Metadata.Actor.Sub }}', '', 1],
      ['{{ printf "%5d" 3 }}{{ printf "%s" }}{{ printf "x" 1 }}', '', 3],
      ['{{ $x }}{{ .Type | .Action }}{{ end }}', '', 3],
    ];
    for (const [go, printed, count] of lost) {
      const { text, notes } = translateGoTemplate(go);
      assert.equal(render(text, event), printed, text);
      assert.equal(notes.length, count, go);
      for (const { offset, length } of notes) assert.match(go.slice(offset, offset + length), /^\{\{.*\}\}$/);
      assert.ok(text.includes('not translated: '), text);
    }
  });
});

async function imported(flipt: string) {
  const { yaml, notes } = importFlipt(flipt, 'flipt.yml');
  assert.ok(yaml !== null, notes.map(formatProblem).join('\n'));
  const file = join(dir, 'config.yaml');
  writeFileSync(file, yaml);
  const { config, problems } = await loadConfig(file, { WEBHOOK_URL: 'https://hook.example/flipt' });
  assert.ok(config !== null, problems.map(formatProblem).join('\n'));
  return { config, yaml, notes: notes.map(({ line, column, message }) => `${line}:${column} ${message}`) };
}

describe('Flipt configs', () => {
  test('a webhook with a secret', async () => {
    const { config, notes } = await imported(`
audit:
  events: ["flag:*", "*:deleted"]
  sinks:
    log: { enabled: true, file: /var/log/flipt/mine.log }
    webhook:
      enabled: true
      url: \${WEBHOOK_URL}
      signing_secret: a$\${b}$$c
      max_backoff_duration: 30s
`);
    assert.equal(config.sources[0]?.type === 'file' ? config.sources[0].path : '', '/var/log/flipt/mine.log');
    const [sink] = config.sinks;
    assert.equal(sink?.url, 'https://hook.example/flipt');
    assert.deepEqual(sink?.events, ['flag:*', '*:deleted']);
    assert.deepEqual(sink?.signature, { scheme: 'flipt', secrets: ['a$${b}$$c'] });
    assert.equal(sink?.policy.retry.maxElapsedMs, 30_000);
    assert.deepEqual(sink?.policy.success, [200]);
    assert.deepEqual(notes, ['5:12 events are read from Flipt’s log', '9:7 the secret stands in the config']);
  });

  test('templates, one of them for Slack with the body that Flipt’s documentation has', async () => {
    const { config, notes } = await imported(`audit:
  buffer: { capacity: 5 }
  sinks:
    webhook:
      enabled: true
      signing_secret: \${SECRET}
      templates:
        - url: https://hooks.slack.com/services/T/B/x
          headers: { Authorization: "Bearer $\{x}" }
          body: |
            {"text": "Flipt Event: {{ .Type }}/{{ .Action }}\\n\\n\`\`\`{{ .Payload }}\`\`\`"}
        - url: https://a.example/
          method: POST
          body: "{\\"t\\": \\"{{ shout .Type }}\\"}"
`);
    assert.deepEqual(
      config.sinks.map(({ name }) => name),
      ['slack', 'template'],
    );
    assert.equal(config.sinks[0]?.headers['Authorization'], 'Bearer ${x}');
    assert.equal(config.sinks[0]?.signature, null);
    const body = config.sinks[0]?.body;
    assert.ok(body?.kind === 'text');
    for (const one of [flag, denied]) {
      const sent = JSON.parse(render(body.text, one, 'application/json')) as { text: string };
      assert.ok(sent.text.startsWith('Flipt Event: flag/'));
    }
    assert.deepEqual(notes, [
      '1:1 Flipt does not write its audit log yet',
      '2:3 `audit.buffer` is not needed: every event is kept on the disk and delivered at once',
      '6:7 Flipt does not sign templated requests, so these sinks have no secret',
      '13:11 `method` never had an effect in Flipt',
      '14:28 `shout .Type` cannot be translated: the function shout has no counterpart',
    ]);
  });

  test('the missing comma of Flipt’s documentation is still there to be pointed out', async () => {
    const { config } = await imported(`audit:
  sinks:
    log: { enabled: true, file: a.log }
    webhook:
      enabled: true
      templates:
        - url: https://example.com
          body: |
            {
              "type": "{{ .Type }}",
              "action": "{{ .Action }}"
              "payload": {{ toJson .Payload }}
            }
`);
    const body = config.sinks[0]?.body;
    assert.ok(body?.kind === 'text' && flag !== undefined);
    const compiled = compileText(body.text, { partialsDir: null, contentType: 'application/json' });
    assert.ok(compiled.ok);
    const rendered = compiled.renderer.render(flag);
    assert.ok(!rendered.ok);
    assert.match(rendered.reason, /3/, 'the line after the missing comma, or the one before');
  });

  test('stdout, a disabled webhook, Kafka and events in one text', async () => {
    const { config, notes } = await imported(`audit:
  events: "flag:created flag:updated:x"
  sinks:
    log: { enabled: true }
    kafka: { enabled: true }
    webhook: { url: "https://a.example/", max_backoff_duration: 3 }
`);
    assert.equal(config.sources[0]?.type, 'stdin');
    assert.equal(config.sinks[0]?.enabled, false);
    assert.deepEqual(config.sinks[0].events, ['flag:created', 'flag:updated']);
    assert.equal(notes.length, 5);
  });

  test('what cannot be taken over', () => {
    for (const text of [
      '',
      'audit: {}',
      'audit: { sinks: { webhook: { enabled: true } } }',
      'a: [',
      '- x',
      'audit: x',
    ]) {
      const { yaml, notes } = importFlipt(text, 'flipt.yml');
      assert.equal(yaml, null, text);
      assert.ok(notes.some(({ severity }) => severity === 'error'));
    }
  });

  test('no note shows a line of the file', () => {
    const { notes } = importFlipt(
      'audit:\n  sinks:\n    webhook:\n      url: https://a.example/S3CRET\n      signing_secret: S3CRET\n',
      'flipt.yml',
    );
    assert.ok(notes.length > 0);
    assert.doesNotMatch(notes.map(formatProblem).join('\n'), /S3CRET/);
  });
});
