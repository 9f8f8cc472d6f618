import type { Dispatcher } from 'undici';
import { AuditsinkError } from '../core/errors.ts';
import { parseProxyUrl } from '../core/proxy-url.ts';
import { pemOptions } from './connector.ts';
import type { TlsSettings } from './connector.ts';

/** The proxy for one URL; `noProxy` is what its environment names to be reached without it. */
interface Proxy {
  uri: string;
  noProxy: string | undefined;
  fromEnv: boolean;
}

/**
 * Which proxy requests to `url` go through: `setting`, else what the *_PROXY variables say; null when they go directly.
 * Throws AuditsinkError('config') for one that cannot be used.
 */
export function proxyOf(url: URL, setting: string | null, env: NodeJS.ProcessEnv): Proxy | null {
  if (setting !== null)
    return { uri: checked(setting, 'the setting `proxy`'), noProxy: undefined, fromEnv: false };
  const lower = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const variable = env[lower] === undefined ? lower.toUpperCase() : lower;
  const written = env[variable] ?? '';
  if (written.trim() === '') return null;
  const uri = checked(written, `the environment variable ${variable}`);
  return { uri, noProxy: env['no_proxy'] ?? env['NO_PROXY'], fromEnv: true };
}

/** undici's agent for the proxy. Loaded only where there is one, since undici takes 40 ms and 20 MB. */
export async function openProxy(proxy: Proxy, tls: TlsSettings, timeoutMs: number): Promise<Dispatcher> {
  const { EnvHttpProxyAgent, ProxyAgent } = await import('undici');
  const options = {
    // The attempt's own timer bounds the whole; undici's would only bound its parts, to the half second.
    headersTimeout: 0,
    bodyTimeout: 0,
    // How long an idle connection is kept, unless the receiver's Keep-Alive header says less.
    keepAliveTimeout: 30_000,
    keepAliveMaxTimeout: 30_000,
    requestTls: { timeout: timeoutMs, ...pemOptions(tls) },
  };
  const { uri, noProxy, fromEnv } = proxy;
  if (!fromEnv) return new ProxyAgent({ ...options, uri });
  // It goes without the proxy for what NO_PROXY names.
  const exceptions = noProxy === undefined ? {} : { noProxy };
  return new EnvHttpProxyAgent({ ...options, httpProxy: uri, httpsProxy: uri, ...exceptions });
}

/** `source` is named when it is unusable; the text itself may hold a password. */
function checked(written: string, source: string): string {
  const url = parseProxyUrl(written);
  if (url !== undefined) return url.href;
  throw new AuditsinkError('config', `${source} is no proxy: write it as http://host:port`);
}
