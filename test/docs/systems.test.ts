import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Config, HttpSourceConfig, SinkConfig } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { AuditEvent } from '../../src/core/event.ts';
import { compileFilter } from '../../src/core/filter.ts';
import { originalBody, redecode } from '../../src/core/formats/decoder.ts';
import { presetBody } from '../../src/core/preset-body.ts';
import { formatProblem } from '../../src/core/problem.ts';
import { sampleTexts, type Sample } from '../../src/core/samples.ts';
import { signatureScheme } from '../../src/core/signature/schemes.ts';
import { compileText, compileTree } from '../../src/templates/compile.ts';
import { post, startWorld } from '../sources/http-world.ts';

const folder = join(import.meta.dirname, '../../docs/systems');
const whsec = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** The configs of a page: its blocks marked `yaml` (other files' examples are marked `yml`). */
function configsOf(page: string): string[] {
  const text = readFileSync(join(folder, page), 'utf8');
  return [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block ?? '');
}

/** Every variable a config names, with a value of the kind its name tells. */
function environmentFor(config: string): NodeJS.ProcessEnv {
  const names = [...config.matchAll(/\$\{env:(\w+)/g)].map(([, name]) => name ?? '');
  const value = (name: string): string => (name.endsWith('_URL') ? 'http://127.0.0.1:9480/hook' : whsec);
  return Object.fromEntries(names.map((name) => [name, value(name)]));
}

async function load(t: TestContext, text: string): Promise<Config> {
  const directory = mkdtempSync(join(tmpdir(), 'auditsink-docs-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'config.yaml');
  writeFileSync(file, text);
  const { config, problems } = await loadConfig(file, environmentFor(text));
  assert.deepEqual(problems.map(formatProblem), []);
  return config ?? assert.fail('the config cannot be used');
}

/** Sends every sample of the source's format, signed as the config says the sender signs. */
async function feed(t: TestContext, source: HttpSourceConfig): Promise<void> {
  const { format, maxBodyBytes, name, path, verify } = source;
  const { port, clock, intake } = await startWorld(t, { format, maxBodyBytes, name, path, verify });
  const samples = sampleTexts.filter((sample) => sample.format === format);
  for (const { text } of samples) {
    assert.equal((await post(port, text, { path })).status, verify === null ? 202 : 401, 'unsigned');
    const headers: Record<string, string> = {};
    if (verify?.scheme === 'bearer') headers['authorization'] = `Bearer ${verify.secrets[0]}`;
    else if (verify !== null) {
      const signer = signatureScheme(verify).prepare(verify.secrets);
      const input = { id: `msg_${text.length}`, timestampS: clock.now() / 1000, body: text };
      Object.assign(headers, Object.fromEntries(signer.headers(input)));
    }
    assert.equal((await post(port, text, { path, headers })).status, 202);
  }
  assert.ok(intake.events.size > 0);
}

function bodyOf(sink: SinkConfig, event: AuditEvent, sample: Sample): string {
  const { body } = sink;
  if (body === null) return originalBody(sample.format, sample.text);
  if (body.kind === 'preset') return presetBody(body.preset, event, sample);
  const options = { partialsDir: null, contentType: 'application/json' };
  const compiled = body.kind === 'text' ? compileText(body.text, options) : compileTree(body.tree, options);
  assert.ok(compiled.ok, 'the template compiles');
  const rendered = compiled.renderer.render(event);
  return rendered.ok ? rendered.body : assert.fail(rendered.reason);
}

/** Makes the sink's request for each sample it wants; there must be some. */
function send(config: Config, sink: SinkConfig): void {
  const wants = compileFilter(sink);
  let sent = 0;
  for (const source of config.sources) {
    for (const sample of sampleTexts.filter(({ format }) => format === source.format)) {
      const event = redecode(source.name, 'event-1', sample.format, sample.text);
      if (!wants(event)) continue;
      const body = bodyOf(sink, event, sample);
      JSON.parse(body);
      if (sink.signature !== null) {
        const scheme = signatureScheme(sink.signature);
        const { secrets } = sink.signature;
        const lines = scheme.prepare(secrets).headers({ id: event.id, timestampS: 1_800_000_000, body });
        const headers = new Map(lines.map(([name, value]) => [name.toLowerCase(), value]));
        const received = { headers: (name: string) => headers.get(name), body: Buffer.from(body), secrets };
        assert.deepEqual(scheme.verify({ ...received, nowS: 1_800_000_000 }), { ok: true });
      }
      sent += 1;
    }
  }
  assert.ok(sent > 0, `the sink ${sink.name} wants none of the samples`);
}

for (const page of readdirSync(folder)) {
  for (const [at, text] of configsOf(page).entries()) {
    test(`docs/systems/${page}, config ${at + 1}: is valid, takes what the system sends, and passes it on`, async (t) => {
      const config = await load(t, text);
      for (const source of config.sources) if (source.type === 'http') await feed(t, source);
      for (const sink of config.sinks) send(config, sink);
      assert.ok(config.sinks.length > 0);
    });
  }
}

test('there is a page for every system', () => {
  const pages = readdirSync(folder).map((page) => page.replace(/\.md$/, ''));
  assert.deepEqual(pages.sort(), [
    'flagsmith',
    'flipper',
    'flipt',
    'json',
    'rollgate',
    'standard-webhooks',
    'unleash',
  ]);
  for (const page of pages) assert.ok(configsOf(`${page}.md`).length > 0, page);
});
