import { STATUS_CODES, type ServerResponse } from 'node:http';

/** What a route answers: JSON by default, text where `contentType` says so. */
export interface Reply {
  status: number;
  body: unknown;
  contentType?: string;
  headers?: Record<string, string>;
  /** What was done, for the log; absent where nothing was. */
  done?: Record<string, unknown>;
}

/** One thing that is wrong with a request: which parameter or field of the body, and what to write instead. */
export interface FieldProblem {
  field: string;
  message: string;
}

/** Problem details as in RFC 9457; `errors` is an extension that names each wrong field. */
export function problem(
  status: number,
  detail: string,
  more: { headers?: Record<string, string>; errors?: readonly FieldProblem[] } = {},
): Reply {
  const title = STATUS_CODES[status] ?? 'Error';
  const body = { type: 'about:blank', title, status, detail };
  return {
    status,
    contentType: 'application/problem+json',
    body: more.errors === undefined ? body : { ...body, errors: more.errors },
    ...(more.headers === undefined ? {} : { headers: more.headers }),
  };
}

export function ok(body: unknown): Reply {
  return { status: 200, body };
}

/** Sends it whole; nothing is cached, and no other site may use it as anything. */
export function send(response: ServerResponse, reply: Reply): void {
  const text = typeof reply.body === 'string' ? reply.body : `${JSON.stringify(reply.body)}\n`;
  response.writeHead(reply.status, {
    'content-type': reply.contentType ?? 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    ...reply.headers,
  });
  response.end(text);
}
