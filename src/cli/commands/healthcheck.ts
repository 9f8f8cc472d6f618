import { get } from 'node:http';
import { AuditsinkError, messageOf } from '../../core/errors.ts';
import type { Io } from '../io.ts';

export interface HealthcheckOptions {
  config: string;
  url?: string;
  ready?: boolean;
  /** ms */
  timeout: number;
}

/** Where the admin endpoint listens unless the config says otherwise. */
const defaultOrigin = 'http://127.0.0.1:9470';

/** Asks a daemon how it is: 0 when it is well, 1 with a line on stderr when not. */
export async function healthcheck(io: Io, options: HealthcheckOptions): Promise<number> {
  const url = new URL(
    options.url === undefined ? await configuredOrigin(io, options.config) : parsed(options.url),
  );
  if (url.pathname === '/') url.pathname = options.ready === true ? '/readyz' : '/healthz';
  const answer = await ask(url, options.timeout);
  if (answer.ok) {
    io.stdout.write('ok\n');
    return 0;
  }
  io.stderr.write(`auditsink: not well: ${answer.reason}\n`);
  return 1;
}

function parsed(url: string): string {
  if (URL.canParse(url) && url.startsWith('http://')) return url;
  throw new AuditsinkError('usage', `--url must be an http:// address such as ${defaultOrigin}`);
}

async function configuredOrigin(io: Io, file: string): Promise<string> {
  const { loadConfig } = await import('../../config/load.ts');
  const { config } = await loadConfig(file, io.env);
  if (config === null) {
    // A daemon goes on with the config it has when a new one is broken: that alone must not look like its end.
    io.stderr.write(`auditsink: ${file} cannot be used (see \`auditsink check\`), asking ${defaultOrigin}\n`);
    return defaultOrigin;
  }
  if (config.admin === null) {
    throw new AuditsinkError('failed', 'admin.listen is off: there is nobody to ask; set it or use --url');
  }
  const { host, port } = config.admin;
  // What listens everywhere also listens here.
  const here = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${here.includes(':') ? `[${here}]` : here}:${port}`;
}

/** `node:http` rather than `fetch`, which takes three times as long to start. */
function ask(url: URL, timeoutMs: number): Promise<{ ok: true } | { ok: false; reason: string }> {
  return new Promise((resolve) => {
    const fail = (reason: string): void => resolve({ ok: false, reason });
    const signal = AbortSignal.timeout(timeoutMs);
    const request = get(url, { signal, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (body.length < 4096) body += chunk;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve({ ok: true });
        else fail(`${url.host} answered ${response.statusCode}: ${body.trim().slice(0, 500)}`);
      });
      response.on('error', (error) => fail(messageOf(error)));
    });
    request.on('error', (error) => {
      fail(signal.aborted ? `no answer from ${url.host} in ${timeoutMs} ms` : messageOf(error));
    });
  });
}
