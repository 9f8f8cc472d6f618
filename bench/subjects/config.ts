import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A Block Kit message with the usual parts, and every helper a real one uses. */
const blockKit = `{"text":"{{slack type}} {{action}} {{slack payload.key}}","blocks":[
  {"type":"section","text":{"type":"mrkdwn","text":"*{{slack type}}* \`{{slack payload.key}}\` was {{action}} in *{{slack (default payload.namespace_key "default")}}*"}},
  {"type":"section","fields":[{"type":"mrkdwn","text":"*By*\\n{{slack (default metadata.actor.email "unknown")}}"},{"type":"mrkdwn","text":"*When*\\n{{timestamp}}"}]},
  {"type":"context","elements":[{"type":"mrkdwn","text":"{{type}}:{{action}} {{id}}"}]}]}`;

export interface SinkOptions {
  concurrency?: number;
  template?: boolean;
  signed?: boolean;
  /** Events in one request, as NDJSON. */
  batch?: number;
}

/** One sink of a config. */
export function sinkConfig(name: string, port: number, options: SinkOptions): Record<string, unknown> {
  const { concurrency = 64, template = false, signed = false, batch } = options;
  return {
    name,
    url: `http://127.0.0.1:${port}/`,
    start_from: 'beginning',
    concurrency,
    timeout: '30s',
    // In a config a dollar begins a variable.
    ...(template ? { body: blockKit.replaceAll('$', '$$$$') } : {}),
    ...(signed ? { signing_secret: 'a-secret-of-some-length' } : {}),
    ...(batch === undefined ? {} : { batch: { max_events: batch, max_wait: '20ms', format: 'ndjson' } }),
  };
}

/** For a daemon that only reads and keeps. */
export const disabledSink = { name: 'none', url: 'http://127.0.0.1:9/', enabled: false };

export function fileSource(name: string, path: string): Record<string, unknown> {
  return { name, type: 'file', path, format: 'flipt' };
}

/** Writes a config with its state beside it; JSON is YAML. Gives its path. */
export function writeConfig(
  dir: string,
  parts: { sources: object[]; sinks: object[]; stateDir?: string; admin?: string; level?: string },
): string {
  const { sources, sinks, stateDir = join(dir, 'state'), admin = 'off', level = 'warn' } = parts;
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'auditsink.json');
  const config = {
    state_dir: stateDir,
    admin: { listen: admin },
    log: { level },
    journal: { max_bytes: '64GiB' },
    sources,
    sinks,
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}
