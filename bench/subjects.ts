import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MeasuredProcess } from './measured-process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What is given to everything that is measured. */
export interface Task {
  dir: string;
  log: string;
  port: number;
}

/** Something that delivers the lines of a log to a receiver. */
export interface Subject {
  name: string;
  start(task: Task): MeasuredProcess;
}

/** A Block Kit message with the usual parts, and every helper a real one uses. */
const blockKit = `{"text":"{{slack type}} {{action}} {{slack payload.key}}","blocks":[
  {"type":"section","text":{"type":"mrkdwn","text":"*{{slack type}}* \`{{slack payload.key}}\` was {{action}} in *{{slack (default payload.namespace_key "default")}}*"}},
  {"type":"section","fields":[{"type":"mrkdwn","text":"*By*\\n{{slack (default metadata.actor.email "unknown")}}"},{"type":"mrkdwn","text":"*When*\\n{{timestamp}}"}]},
  {"type":"context","elements":[{"type":"mrkdwn","text":"{{type}}:{{action}} {{id}}"}]}]}`;

export interface SinkOptions {
  concurrency?: number;
  template?: boolean;
  signed?: boolean;
  batch?: number;
}

/** auditsink from this checkout, with one sink (or several alike) and the journal in the task's folder. */
export function auditsink(name: string, options: SinkOptions, sinks = 1): Subject {
  return {
    name,
    start({ dir, log, port }) {
      const stateDir = join(dir, 'state');
      rmSync(stateDir, { recursive: true, force: true });
      mkdirSync(dir, { recursive: true });
      const config = join(dir, 'auditsink.json');
      // JSON is YAML.
      writeFileSync(
        config,
        JSON.stringify({
          state_dir: stateDir,
          admin: { listen: 'off' },
          log: { level: 'warn' },
          sources: [{ name: 'flipt', type: 'file', path: log, format: 'flipt' }],
          sinks: Array.from({ length: sinks }, (_, i) => ({
            name: `sink-${i}`,
            url: `http://127.0.0.1:${port}/`,
            start_from: 'beginning',
            concurrency: options.concurrency ?? 64,
            timeout: '30s',
            ...(options.template === true ? { body: blockKit.replaceAll('$', '$$$$') } : {}),
            ...(options.signed === true ? { signing_secret: 'a-secret-of-some-length' } : {}),
            ...(options.batch === undefined
              ? {}
              : { batch: { max_events: options.batch, max_wait: '20ms', format: 'ndjson' } }),
          })),
        }),
      );
      return new MeasuredProcess(process.execPath, [
        join(root, 'src/cli.ts'),
        'run',
        '--no-watch',
        '-c',
        config,
      ]);
    },
  };
}

/** A bare undici client: no log, no journal, no template. */
export function bareClient(connections: number): Subject {
  return {
    name: `bare undici client, ${connections} connection${connections === 1 ? '' : 's'}`,
    start: ({ log, port }) =>
      new MeasuredProcess(process.execPath, [
        join(root, 'bench/bare-client.ts'),
        String(port),
        log,
        String(connections),
      ]),
  };
}
