import type { AttemptResult, ErrorClass } from '../core/attempt.ts';
import { formatDuration } from '../core/duration.ts';
import { errnoOf, messageOf } from '../core/errors.ts';

/** Node's and undici's error codes by class; what is not here and does not look like TLS is `network`. */
const classes: Readonly<Record<string, ErrorClass>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  EPROTO: 'tls',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
  HOSTNAME_MISMATCH: 'tls',
};

const maxMessageLength = 200;

const tlsCode = /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_|INVALID_CA|CRL_)/;

/**
 * The result of a request that got no response. `timedOutMs` is the attempt's timeout where that ended it.
 * The message names host and port at most: Node's and undici's own messages hold no path, header or body.
 */
export function errorResult(error: unknown, durationMs: number, timedOutMs: number | null): AttemptResult {
  if (timedOutMs !== null) {
    return {
      kind: 'error',
      class: 'timeout',
      message: `no response within ${formatDuration(timedOutMs)}`,
      durationMs,
    };
  }
  const cause = innermost(error);
  const code = errnoOf(cause) ?? errnoOf(error) ?? '';
  const kind = classes[code] ?? (tlsCode.test(code) ? 'tls' : 'network');
  return { kind: 'error', class: kind, message: described(cause, code), durationMs };
}

/** `connect` failures of a name with several addresses arrive as AggregateError, proxied ones with a cause. */
function innermost(error: unknown): unknown {
  if (error instanceof AggregateError) {
    const errors: unknown[] = error.errors;
    if (errors.length > 0) return innermost(errors[0]);
  }
  return error instanceof Error && error.cause instanceof Error ? innermost(error.cause) : error;
}

function described(error: unknown, code: string): string {
  // undici asserts what a parser let through, such as the status 000.
  if (code === 'ERR_ASSERTION') return 'the response is malformed';
  const message = messageOf(error);
  return oneLine(code === '' || message.includes(code) ? message : `${message} (${code})`);
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > maxMessageLength ? `${line.slice(0, maxMessageLength - 1)}…` : line;
}
