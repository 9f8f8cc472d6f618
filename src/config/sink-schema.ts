import * as z from 'zod';
import { formatDuration } from '../core/duration.ts';
import { presetNames, retryClasses } from '../core/policy.ts';
import type { RetryClass } from '../core/policy.ts';
import { defaultPolicy } from '../core/presets.ts';
import { suggest } from '../core/suggest.ts';
import { headerValue } from './headers.ts';
import * as of from './scalars.ts';
import { bad, good, listOf, mapOf, referencePattern, setting, shown } from './setting.ts';
import { signature } from './signature-setting.ts';

const retryOn = setting<RetryClass | number>(
  (value) => {
    const word = typeof value === 'string' ? value.trim() : value;
    const known = retryClasses.find((candidate) => candidate === word);
    if (known !== undefined) return good(known);
    const code = Number(word);
    if (typeof word !== 'boolean' && word !== '' && Number.isInteger(code) && code >= 100 && code <= 599)
      return good(code);
    const listed = `${retryClasses.map((candidate) => `\`${candidate}\``).join(', ')}, or a status code such as \`429\``;
    const near = typeof word === 'string' ? suggest(word, retryClasses) : undefined;
    return bad(
      'bad_choice',
      'is no class of failures',
      near === undefined ? listed : `did you mean \`${near}\`? (${listed})`,
    );
  },
  {
    kind: 'class or status code',
    anyOf: [
      { enum: retryClasses },
      { type: 'integer', minimum: 100, maximum: 599 },
      { type: 'string', pattern: `^[1-5][0-9]{2}$|${referencePattern}` },
    ],
    description: 'A class of failures or a status code.',
    examples: [...retryClasses, 429],
  },
);

const plain = defaultPolicy.retry;

const retrySection = z.strictObject({
  initial_interval: of
    .duration(
      { description: 'First wait, before jitter.', default: formatDuration(plain.initialIntervalMs) },
      { min: '1ms', max: '30d' },
    )
    .optional(),
  multiplier: of
    .number(
      { description: 'Factor from one wait to the next.', default: plain.multiplier },
      { min: 1, max: 100, whole: false },
    )
    .optional(),
  max_interval: of
    .duration(
      { description: 'Cap of one wait, before jitter.', default: formatDuration(plain.maxIntervalMs) },
      { min: '1ms', max: '30d' },
    )
    .optional(),
  jitter: of
    .oneOf(['full', 'none'], {
      description: '`full`: each wait is drawn from zero up to its length. A `schedule` is kept exactly.',
      default: plain.jitter,
    })
    .optional(),
  max_attempts: of
    .number(
      { description: 'Attempts in all, the first included. Default: no limit but `max_backoff_duration`.' },
      { min: 1, max: 1_000_000, whole: true },
    )
    .optional(),
  schedule: listOf(
    of.duration({ description: 'One wait.' }, { max: '30d' }),
    'The waits one by one, instead of the exponential; after the last one the delivery is dead.',
    { examples: [['1m', '5m', '30m', '2h', '12h']] },
  ).optional(),
  on: listOf(
    retryOn,
    'What is tried again; everything else is dead at once. `network` is a connection refused, reset or closed, a broken TLS handshake included; `tls`, a certificate that is not trusted, is dead at the first attempt unless it is listed.',
    { default: [...plain.on], examples: [['network', 'timeout', 'non-2xx']] },
  ).optional(),
});

/** What a sink may hold. */
export const sinkSchema = z.strictObject({
  name: of.name({
    description: 'Unique name of the sink; its place in the journal belongs to it.',
    examples: ['slack'],
  }),
  enabled: of
    .boolean({ description: 'A disabled sink keeps its place and sends nothing.', default: true })
    .prefault(true),
  url: of.url({
    description: 'Where to deliver, http or https; kept exactly as written, and secret.',
    examples: ['${env:SLACK_WEBHOOK_URL}'],
  }),
  method: of
    .oneOf(['POST', 'PUT', 'PATCH'], { description: 'HTTP method.', default: 'POST' })
    .prefault('POST'),
  headers: mapOf(headerValue)
    .meta(
      shown({
        description: 'Request headers. `Content-Type` also decides how templates escape.',
        default: { 'Content-Type': 'application/json' },
      }),
    )
    .optional(),
  preset: of
    .oneOf(presetNames, {
      description:
        'Behave as that system does: sets signature, success rule, timeout and retries, each still overridable.',
    })
    .optional(),
  events: listOf(
    of.text({ description: 'A `noun:verb` pattern.' }),
    'Which events, as `noun:verb` patterns with `*`.',
    { default: ['*:*'], examples: [['flag:*', '*:deleted']] },
  ).optional(),
  match: mapOf(listOf(of.glob({ description: 'A glob over the whole value.' }), 'A glob or a list of globs.'))
    .meta(
      shown({
        description:
          'Path into the event → glob or list of globs, of which one must match; all paths must hold.',
        examples: [{ 'payload.namespace_key': 'production' }],
      }),
    )
    .optional(),
  sources: listOf(
    of.text({ description: 'Name of a source.' }),
    'Names of the sources whose events are sent. Default: all.',
    { examples: [['flipt']] },
  ).optional(),
  start_from: of
    .oneOf(['now', 'beginning'], { description: 'Where a new sink begins in the journal.', default: 'now' })
    .prefault('now'),
  body: z
    .unknown()
    .meta(
      shown({
        kind: 'text, map or list',
        type: ['string', 'object', 'array'],
        description:
          'Handlebars template of the request body, as text or as a YAML tree whose strings are templates; or `preset` for the payload of the preset’s system. Without it the event is sent as it came.',
        examples: [
          '{"text": "{{type}} {{action}}: {{payload.key}}"}',
          { text: '{{type}} {{action}}: {{payload.key}}' },
        ],
      }),
    )
    .optional(),
  template: of
    .text({
      description: 'File with the Handlebars template, instead of `body`; relative to the config file.',
      examples: ['templates/slack.hbs'],
    })
    .optional(),
  signing_secret: listOf(
    of.text({ description: 'A secret.', secret: true }),
    'Secret that requests are signed with; a list, newest first, while it is changed.',
    { examples: ['${env:SIGNING_SECRET}', ['${env:NEW_SECRET}', '${env:OLD_SECRET}']] },
  ).optional(),
  signature: signature.optional(),
  timeout: of
    .duration(
      { description: 'Time one request may take.', default: formatDuration(defaultPolicy.timeoutMs) },
      { min: '1ms', max: '1h' },
    )
    .optional(),
  concurrency: of
    .number(
      {
        description: 'Requests at the same time; 1 delivers strictly in order.',
        default: defaultPolicy.concurrency,
      },
      { min: 1, max: 1024, whole: true },
    )
    .prefault(defaultPolicy.concurrency),
  order_by: of
    .text({
      description: 'Path whose values are delivered in order, one at a time each.',
      examples: ['payload.key'],
    })
    .optional(),
  rate_limit: of.rate({ description: 'Requests per `s`, `m`, `h` or `d`.', examples: ['1/s'] }).optional(),
  max_backoff_duration: of
    .duration({
      description:
        'Bound on the elapsed time of one delivery’s retries; 0 means a single attempt. Default `15s`, none with a `schedule`.',
      default: formatDuration(plain.maxElapsedMs ?? 0),
    })
    .optional(),
  retry: retrySection.meta(shown({ description: 'How failures are tried again.' })).optional(),
  circuit_breaker: z
    .strictObject({
      failures: of
        .number(
          { description: 'Failures in a row after which only probes are sent.', default: 5 },
          { min: 1, max: 100_000, whole: true },
        )
        .prefault(5),
      probe_interval: of
        .duration({ description: 'Time between two probes.', default: '30s' }, { min: '10ms', max: '1d' })
        .prefault('30s'),
    })
    .meta(
      shown({
        description: 'Stop sending after failures in a row until a probe succeeds. Off unless given.',
      }),
    )
    .optional(),
  batch: z
    .strictObject({
      max_events: of
        .number(
          { description: 'Events in one request.', default: 100 },
          { min: 1, max: 100_000, whole: true },
        )
        .prefault(100),
      max_bytes: of
        .size({ description: 'Size of one request body.', default: '1MiB' }, { min: '1KiB', max: '256MiB' })
        .prefault('1MiB'),
      max_wait: of
        .duration({ description: 'How long the first event waits for others.', default: '1s' }, { max: '1h' })
        .prefault('1s'),
      format: of
        .oneOf(['json_array', 'ndjson'], { description: 'How bodies are joined.', default: 'json_array' })
        .prefault('json_array'),
    })
    .meta(shown({ description: 'Send several events in one request. Off unless given.' }))
    .optional(),
  tls: z
    .strictObject({
      ca_file: of
        .text({ description: 'PEM file with the certificates to trust, instead of the system’s.' })
        .optional(),
      cert_file: of.text({ description: 'PEM file with the client certificate.' }).optional(),
      key_file: of.text({ description: 'PEM file with its key.' }).optional(),
    })
    .meta(shown({ description: 'TLS of this sink; paths are relative to the config file.' }))
    .optional(),
  proxy: of
    .proxy({
      description:
        'HTTP proxy; `user:password@` before the host is sent to it as `Proxy-Authorization`. Default: the `*_PROXY` environment variables.',
      examples: ['http://proxy.internal:3128'],
    })
    .optional(),
});
