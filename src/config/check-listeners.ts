import type { Checked } from './checked.ts';
import type { Path } from './pointer.ts';
import { parseListen } from './scalars.ts';
import type { Listen } from './scalars.ts';

interface Listener extends Listen {
  at: Path;
  /** URL path; null: the listener wants the whole address. */
  path: string | null;
}

/** Addresses that collide, and those that are open to others without a token or a signature. */
export function checkListeners(config: Checked, sources: readonly Path[]): void {
  const admin = listenerAt(config, ['admin', 'listen'], null, '127.0.0.1:9470');
  if (admin !== undefined && !isLoopback(admin.host) && !config.isGiven(['admin', 'token'])) {
    config.add(['admin', 'listen'], {
      code: 'admin_open',
      message: 'the admin API would be open to the network without a token',
      hint: 'set `token: ${env:ADMIN_TOKEN}` below `admin`, or listen on `127.0.0.1:9470`',
    });
  }
  const known: Listener[] = admin === undefined ? [] : [admin];
  for (const source of sources) {
    if (config.text([...source, 'type']) !== 'http') continue;
    const path = config.text([...source, 'path']) ?? '/';
    const listener = listenerAt(config, [...source, 'listen'], path);
    if (listener === undefined) continue;
    reportCollision(config, listener, known);
    known.push(listener);
    if (!isLoopback(listener.host) && !config.isGiven([...source, 'verify'])) {
      config.add(listener.at, {
        severity: 'warning',
        code: 'source_open',
        message: 'anybody who reaches this address can send events',
        hint: 'set `verify:` with the sender’s secret',
      });
    }
  }
}

function listenerAt(config: Checked, at: Path, path: string | null, fallback?: string): Listener | undefined {
  const parsed = parseListen(config.tree.at(at) ?? fallback);
  return parsed.ok ? { ...parsed.value, at, path } : undefined;
}

function reportCollision(config: Checked, listener: Listener, known: readonly Listener[]): void {
  // Port 0 takes any free port, each time another.
  const rival = listener.port === 0 ? undefined : known.find((other) => collides(listener, other));
  if (rival === undefined) return;
  if (rival.path === null) {
    config.add(listener.at, {
      code: 'address_taken',
      message: 'the admin API listens on this address already',
      hint: 'take another port',
    });
  } else if (rival.path === listener.path && sameHost(rival.host, listener.host)) {
    const at = [...listener.at.slice(0, -1), 'path'];
    config.add(config.isGiven(at) ? at : listener.at, {
      code: 'address_taken',
      message: 'another source listens on this address and path',
      hint: 'sources may share an address under different `path`s',
    });
  } else {
    config.add(listener.at, {
      code: 'address_taken',
      message: 'another source listens on this port under another host',
      hint: 'write the same `listen` in both: sources may share an address under different `path`s',
    });
  }
}

function collides(a: Listener, b: Listener): boolean {
  if (a.port !== b.port) return false;
  if (sameHost(a.host, b.host)) return b.path === null || a.path === b.path;
  return isEveryAddress(a.host) || isEveryAddress(b.host);
}

function sameHost(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

function canonical(host: string): string {
  return host.toLowerCase() === 'localhost' ? '127.0.0.1' : host.toLowerCase();
}

function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.toLowerCase() === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
