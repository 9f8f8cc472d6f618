import type { Clock } from '../core/clock.ts';
import type { Operations } from '../core/operations.ts';
import { version } from '../core/version.ts';
import type { AdminRequest } from './admin-request.ts';
import { listDeliveries, replayDeliveries, showDelivery } from './deliveries-api.ts';
import type { Exposition } from './exposition.ts';
import { ok, type Reply } from './reply.ts';
import { listSinks, pauseSink, testSink } from './sinks-api.ts';

export interface RouteDeps {
  operations: Operations;
  exposition: Exposition;
  clock: Clock;
}

/**
 * Who may use a route. `anyone`: probes, which can send no token. `scraper`: needs the token only off loopback,
 * since sink names and counts are no secret on the machine itself. `operator`: needs the token where one is set.
 */
export type Access = 'anyone' | 'scraper' | 'operator';

export interface Route {
  method: 'GET' | 'POST';
  /** As in OpenAPI: `{name}` takes one segment. */
  path: string;
  access: Access;
  handle(request: AdminRequest, deps: RouteDeps): Reply | Promise<Reply>;
}

/** Every route there is; docs/openapi.yaml describes the same, which a test holds. */
export const routes: readonly Route[] = [
  { method: 'GET', path: '/healthz', access: 'anyone', handle: () => ok({ status: 'ok', version }) },
  { method: 'GET', path: '/readyz', access: 'anyone', handle: (_, { operations }) => readiness(operations) },
  { method: 'GET', path: '/metrics', access: 'scraper', handle: (_, { exposition }) => scrape(exposition) },
  {
    method: 'GET',
    path: '/api/v1/sinks',
    access: 'operator',
    handle: (request, { operations }) => listSinks(request, operations),
  },
  {
    method: 'POST',
    path: '/api/v1/sinks/{name}/test',
    access: 'operator',
    handle: (request, { operations }) => testSink(request, operations),
  },
  {
    method: 'POST',
    path: '/api/v1/sinks/{name}/pause',
    access: 'operator',
    handle: (request, { operations }) => pauseSink(request, operations, true),
  },
  {
    method: 'POST',
    path: '/api/v1/sinks/{name}/resume',
    access: 'operator',
    handle: (request, { operations }) => pauseSink(request, operations, false),
  },
  {
    method: 'GET',
    path: '/api/v1/deliveries',
    access: 'operator',
    handle: (request, { operations, clock }) => listDeliveries(request, operations, clock),
  },
  {
    method: 'GET',
    path: '/api/v1/deliveries/{id}',
    access: 'operator',
    handle: (request, { operations }) => showDelivery(request, operations),
  },
  {
    method: 'POST',
    path: '/api/v1/replay',
    access: 'operator',
    handle: (request, { operations, clock }) => replayDeliveries(request, operations, clock),
  },
];

function readiness(operations: Operations): Reply {
  const missing = operations.notReady();
  if (missing.length === 0) return ok({ status: 'ready', missing });
  return { status: 503, body: { status: 'not_ready', missing } };
}

async function scrape(exposition: Exposition): Promise<Reply> {
  return { status: 200, body: await exposition.text(), contentType: exposition.contentType };
}

export type Match =
  | { kind: 'route'; route: Route; params: Record<string, string> }
  | { kind: 'wrong_method'; allow: string }
  | { kind: 'none' };

/** The route of a method and a path; HEAD is served by GET. */
export function matchRoute(method: string, path: string): Match {
  const wanted = method === 'HEAD' ? 'GET' : method;
  const allowed: string[] = [];
  for (const route of routes) {
    const params = paramsOf(route.path, path);
    if (params === undefined) continue;
    if (route.method === wanted) return { kind: 'route', route, params };
    allowed.push(route.method === 'GET' ? 'GET, HEAD' : route.method);
  }
  return allowed.length > 0 ? { kind: 'wrong_method', allow: allowed.join(', ') } : { kind: 'none' };
}

function paramsOf(pattern: string, path: string): Record<string, string> | undefined {
  const expected = pattern.split('/');
  const given = path.split('/');
  if (expected.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of expected.entries()) {
    const segment = given[i] ?? '';
    if (part.startsWith('{')) {
      const value = decoded(segment);
      if (value === undefined || value === '') return undefined;
      params[part.slice(1, -1)] = value;
    } else if (part !== segment) return undefined;
  }
  return params;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A broken percent sequence names nothing.
    return undefined;
  }
}
