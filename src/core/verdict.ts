import type { AttemptResult } from './attempt.ts';
import type { DeliveryPolicy, RetryPolicy } from './policy.ts';
import { parseRetryAfter } from './retry-after.ts';

/** What an attempt means for its delivery. `holdMs`: the destination asked for a pause of the whole sink. */
export type Verdict =
  | { kind: 'delivered' }
  | { kind: 'retryable'; reason: string; holdMs?: number }
  | { kind: 'fatal'; reason: string; holdMs?: number };

/**
 * Slack answers some failures with 200 and a word, either as the whole body (incoming webhooks) or as
 * `{"ok":false,"error":word}` (web API). The status each word stands for decides whether it is retried;
 * a word not listed here stands for 400. Source: Slack's documentation of incoming webhooks and chat.postMessage.
 */
const slackWords: Readonly<Record<string, number>> = {
  rate_limited: 429,
  ratelimited: 429,
  message_limit_exceeded: 429,
  rollup_error: 500,
  internal_error: 500,
  fatal_error: 500,
  service_unavailable: 503,
  request_timeout: 408,
  invalid_payload: 400,
  invalid_blocks: 400,
  invalid_token: 403,
  no_text: 400,
  no_service: 404,
  no_service_id: 404,
  no_team: 404,
  no_active_hooks: 404,
  team_disabled: 403,
  user_not_found: 400,
  channel_not_found: 404,
  channel_is_archived: 410,
  action_prohibited: 403,
  posting_to_general_channel_denied: 403,
  too_many_attachments: 400,
};

/** Judges one attempt by the sink's policy. `nowMs` is wall time, for a `Retry-After` date. */
export function judge(
  result: AttemptResult,
  policy: Pick<DeliveryPolicy, 'success'> & { retry: Pick<RetryPolicy, 'on'> },
  nowMs: number,
): Verdict {
  if (result.kind === 'error') {
    const kind = policy.retry.on.includes(result.class) ? 'retryable' : 'fatal';
    return { kind, reason: `${result.class}: ${result.message}` };
  }
  const inBody = failureInBody(result.status, result.reply);
  if (inBody === undefined && isSuccess(result.status, policy.success)) return { kind: 'delivered' };

  const status = inBody?.status ?? result.status;
  const reason =
    inBody === undefined ? describe(result.status) : `HTTP ${result.status} with error ${inBody.word}`;
  const kind = isRetriedStatus(status, policy.retry.on) ? 'retryable' : 'fatal';
  const holdMs = status === 429 || status === 503 ? parseRetryAfter(result.retryAfter, nowMs) : undefined;
  return holdMs === undefined ? { kind, reason } : { kind, reason, holdMs };
}

function isSuccess(status: number, success: readonly number[] | null): boolean {
  return success === null ? status >= 200 && status < 300 : success.includes(status);
}

function isRetriedStatus(status: number, on: RetryPolicy['on']): boolean {
  if (on.includes(status) || on.includes('non-2xx')) return true;
  if (status >= 500) return on.includes('5xx');
  if (status >= 400) return on.includes('4xx');
  return status >= 300 && on.includes('3xx');
}

function describe(status: number): string {
  return status >= 300 && status < 400 ? `HTTP ${status}: redirects are not followed` : `HTTP ${status}`;
}

function failureInBody(status: number, reply: string): { word: string; status: number } | undefined {
  if (status < 200 || status >= 300 || reply === '') return undefined;
  const text = reply.trim();
  const isObject = text.startsWith('{');
  const word = isObject ? slackApiError(text) : text;
  if (word === undefined) return undefined;
  if (Object.hasOwn(slackWords, word)) return { word, status: slackWords[word] as number };
  return isObject ? { word, status: 400 } : undefined;
}

function slackApiError(reply: string): string | undefined {
  if (!reply.includes('"ok"')) return undefined;
  try {
    const parsed: unknown = JSON.parse(reply);
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    if (!('ok' in parsed) || parsed.ok !== false) return undefined;
    return 'error' in parsed && typeof parsed.error === 'string' ? parsed.error : 'unknown';
  } catch {
    return errorOfCutOff(reply);
  }
}

/** `"ok":false` as a member of the outermost object, only plain members before it. */
const notOk = /^\{(?:\s*"\w+"\s*:\s*(?:"[^"\\]*"|[\w.+-]+)\s*,)*\s*"ok"\s*:\s*false\s*,/;

/** The word of a reply of which only the start was kept, so that it does not parse. */
function errorOfCutOff(reply: string): string | undefined {
  if (!notOk.test(reply)) return undefined; // Not JSON after all: the status alone decides.
  return /"error"\s*:\s*"(\w+)"/.exec(reply)?.[1] ?? 'unknown';
}
