import { z } from 'zod';
import { formatDuration } from '../core/duration.ts';
import { formatNames } from '../core/event.ts';
import { logLevels } from '../core/logger.ts';
import { presetNames, retryClasses, signatureNames } from '../core/policy.ts';
import type { RetryClass, SignatureName } from '../core/policy.ts';
import { defaultPolicy } from '../core/presets.ts';
import { suggest } from '../core/suggest.ts';
import * as of from './scalars.ts';
import { bad, good, setting } from './setting.ts';

const formats = ['auto', ...formatNames] as const;

/** A list that may also be written as its only entry. */
function listOf<T extends z.ZodType>(
  item: T,
  description: string,
  more: { examples?: unknown[]; default?: unknown } = {},
) {
  return z
    .preprocess((value) => (Array.isArray(value) || value === undefined ? value : [value]), z.array(item))
    .meta({ description, singleAllowed: true, ...more });
}

const logSection = z.strictObject({
  level: of
    .oneOf(logLevels, {
      description: 'Least level that is logged; single deliveries are `debug`.',
      default: 'info',
    })
    .prefault('info'),
  format: of
    .oneOf(['json', 'pretty'], {
      description: '`json`: one JSON object per line; `pretty`: for people.',
      default: 'json',
    })
    .prefault('json'),
});

const adminSection = z.strictObject({
  listen: of
    .listenOrOff({
      description: 'Where health, metrics and the API are served, or `off`.',
      default: '127.0.0.1:9470',
      examples: ['127.0.0.1:9470', 'off'],
    })
    .prefault('127.0.0.1:9470'),
  token: of
    .text({
      description: 'Bearer token for the API. Required when `listen` is not on loopback.',
      examples: ['${env:ADMIN_TOKEN}'],
      secret: true,
    })
    .optional(),
});

const journalSection = z.strictObject({
  retention: of
    .duration(
      { description: 'How long settled events and their history are kept.', default: '7d' },
      { min: '1s' },
    )
    .prefault('7d'),
  max_bytes: of
    .size(
      { description: 'Size at which sources are held back until there is room.', default: '1GiB' },
      { min: '1MiB' },
    )
    .prefault('1GiB'),
});

const signature = setting<SignatureName | { header: string; value: string }>(
  (value) => {
    const known = signatureNames.find((scheme) => scheme === value);
    if (known !== undefined) return good(known);
    const listed = `one of ${signatureNames.map((scheme) => `\`${scheme}\``).join(', ')}, or \`{ header: …, value: "sha256={{hmac}}" }\``;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return parseOwnSignature(value);
    const near = typeof value === 'string' ? suggest(value, signatureNames) : undefined;
    return bad(
      'bad_choice',
      'is no signature scheme',
      near === undefined ? listed : `did you mean \`${near}\`? (${listed})`,
    );
  },
  {
    type: ['string', 'object'],
    description:
      'How requests are signed: a known scheme, or a header of your own in which `{{hmac}}` (hex), `{{hmac_base64}}` and `{{timestamp}}` are replaced.',
    examples: ['flipt', { header: 'X-Hub-Signature-256', value: 'sha256={{hmac}}' }],
  },
);

function parseOwnSignature(value: object) {
  const { header, value: template, ...rest } = value as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  const form = 'write `{ header: X-Hub-Signature-256, value: "sha256={{hmac}}" }`';
  if (unknown !== undefined) return bad('unknown_key', `has an unknown key \`${unknown}\``, form);
  if (typeof header !== 'string' || typeof template !== 'string')
    return bad('bad_signature', 'needs `header` and `value`', form);
  if (!isHeaderName(header))
    return bad('bad_header', 'names a header with characters that no header may have', form);
  if (headerValueFault(template) !== undefined)
    return bad('bad_header', 'has a `value` that no header may have', form);
  const words = [...template.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].map((match) => match[1] ?? '');
  const known = ['hmac', 'hmac_base64', 'timestamp'];
  const wrong = words.find((word) => !known.includes(word));
  if (wrong !== undefined) {
    const near = suggest(wrong, known);
    return bad(
      'bad_signature',
      `replaces no \`{{${wrong}}}\``,
      near === undefined ? form : `did you mean \`{{${near}}}\`?`,
    );
  }
  if (!words.some((word) => word.startsWith('hmac')))
    return bad('bad_signature', 'has no `{{hmac}}` in its `value`', form);
  return good({ header, value: template });
}

/** RFC 9110 §5.1: a header name is a token. */
export function isHeaderName(value: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value);
}

/** Why a text cannot be a header value (RFC 9110 §5.5), or undefined. */
export function headerValueFault(value: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) return 'holds control characters or a line break';
  return /[^\t\u0020-\u00ff]/.test(value)
    ? 'holds characters beyond Latin-1, which no header may have'
    : undefined;
}

const headerValue = setting(
  (value) => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      return bad('wrong_type', 'must be text');
    }
    const fault = headerValueFault(String(value));
    return fault === undefined
      ? good(String(value))
      : bad('bad_header', fault, 'a secret file may hold more than one line');
  },
  { type: ['string', 'number', 'boolean'], description: 'Value of the header.', secret: true },
);

const name = (thing: string, more: string) =>
  of.name({
    description: `Unique name of the ${thing}${more}.`,
    examples: [thing === 'sink' ? 'slack' : 'flipt'],
  });
const format = of
  .oneOf(formats, {
    description: 'What the events look like; `auto` tells the formats apart.',
    default: 'auto',
  })
  .prefault('auto');
const maxLineBytes = of
  .size(
    { description: 'A longer line is rejected, counted and passed over.', default: '1MiB' },
    { min: '256B', max: '256MiB' },
  )
  .prefault('1MiB');

export const sourceSchemas = {
  file: z.strictObject({
    name: name('source', '; the position in the file belongs to it'),
    type: z.literal('file').meta({ description: 'A log file that is followed through rotations.' }),
    path: of.text({
      description: 'Path of the log, or a glob; relative to the config file.',
      examples: ['/var/log/flipt/audit.log'],
    }),
    format,
    start_at: of
      .oneOf(['beginning', 'end'], {
        description: 'Where reading begins when nothing is known of the file yet.',
        default: 'beginning',
      })
      .prefault('beginning'),
    max_line_bytes: maxLineBytes,
    poll_interval: of
      .duration(
        {
          description: 'How often the file is looked at where no watcher tells of a change.',
          default: '250ms',
        },
        { min: '10ms', max: '1h' },
      )
      .prefault('250ms'),
  }),
  stdin: z.strictObject({
    name: name('source', ''),
    type: z.literal('stdin').meta({ description: 'Lines piped into the daemon.' }),
    format,
    max_line_bytes: maxLineBytes,
  }),
  http: z.strictObject({
    name: name('source', ''),
    type: z
      .literal('http')
      .meta({ description: 'Webhooks of another system, received and kept before they are answered.' }),
    listen: of.listen({
      description: 'Host and port to listen on. Sources may share it under different paths.',
      examples: ['127.0.0.1:9471'],
    }),
    path: of
      .text({ description: 'URL path of this source.', default: '/', examples: ['/flagsmith'] }, (value) =>
        /^\/[^\s?#]*$/.test(value)
          ? undefined
          : bad('bad_path', 'is not a URL path', 'it begins with `/` and has no `?`, `#` or space'),
      )
      .prefault('/'),
    format,
    max_body_bytes: of
      .size(
        { description: 'A larger request body is refused.', default: '1MiB' },
        { min: '256B', max: '256MiB' },
      )
      .prefault('1MiB'),
    verify: z
      .strictObject({
        signature: signature.optional(),
        secret: listOf(
          of.text({ description: 'Secret of the sender.', secret: true }),
          'Secret shared with the sender; a list while it is changed.',
          { examples: ['${file:/run/secrets/flagsmith}'] },
        ).optional(),
        bearer: listOf(
          of.text({ description: 'Token of the sender.', secret: true }),
          'Instead of a signature: token expected in `Authorization: Bearer`.',
          { examples: ['${env:HOOK_TOKEN}'] },
        ).optional(),
      })
      .meta({ description: 'How a request proves where it comes from.' })
      .optional(),
  }),
} as const;

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
    type: ['string', 'integer'],
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
      description:
        '`full`: each wait is drawn from zero up to its length. With a `schedule` the default is `none`.',
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
    'What is tried again; everything else is dead at once. `network` is a connection refused, reset or closed, a broken TLS handshake included; `tls` a certificate that is not trusted.',
    { default: [...plain.on], examples: [['network', 'timeout', 'non-2xx']] },
  ).optional(),
});

const sinkSchema = z.strictObject({
  name: name('sink', '; its place in the journal belongs to it'),
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
  headers: z
    .record(z.string(), headerValue)
    .meta({
      description: 'Request headers. `Content-Type` also decides how templates escape.',
      default: { 'Content-Type': 'application/json' },
    })
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
  match: z
    .record(
      z.string(),
      listOf(of.glob({ description: 'A glob over the whole value.' }), 'A glob or a list of globs.'),
    )
    .meta({
      description:
        'Path into the event → glob or list of globs, of which one must match; all paths must hold.',
      examples: [{ 'payload.namespace_key': 'production' }],
    })
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
    .meta({
      type: ['string', 'object', 'array'],
      description:
        'Handlebars template of the request body, as text or as a YAML tree whose strings are templates; or `preset` for the payload of the preset’s system. Without it the event is sent as it came.',
      examples: [
        '{"text": "{{type}} {{action}}: {{payload.key}}"}',
        { text: '{{type}} {{action}}: {{payload.key}}' },
      ],
    })
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
  signature: signature
    .optional()
    .meta({ default: 'flipt, or that of the preset, when there is a signing_secret' }),
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
  retry: retrySection.meta({ description: 'How failures are tried again.' }).optional(),
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
    .meta({ description: 'Stop sending after failures in a row until a probe succeeds. Off unless given.' })
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
    .meta({ description: 'Send several events in one request. Off unless given.' })
    .optional(),
  tls: z
    .strictObject({
      ca_file: of
        .text({ description: 'PEM file with the certificates to trust, instead of the system’s.' })
        .optional(),
      cert_file: of.text({ description: 'PEM file with the client certificate.' }).optional(),
      key_file: of.text({ description: 'PEM file with its key.' }).optional(),
    })
    .meta({ description: 'TLS of this sink; paths are relative to the config file.' })
    .optional(),
  proxy: of
    .url({
      description: 'HTTP proxy. Default: the `*_PROXY` environment variables.',
      examples: ['http://proxy.internal:3128'],
    })
    .optional(),
});

/** The one schema: validation, types, defaults, JSON Schema and the reference page come from it. */
export const configSchema = z
  .strictObject({
    state_dir: of
      .text({
        description:
          'Directory of the journal and its lock, made with mode 0700; relative to the config file.',
        default: 'state',
      })
      .prefault('state'),
    log: logSection.meta({ description: 'The daemon’s own log, on stdout.' }).prefault({}),
    admin: adminSection.meta({ description: 'Health, metrics and API.' }).prefault({}),
    journal: journalSection.meta({ description: 'The durable log of events and deliveries.' }).prefault({}),
    shutdown_grace: of
      .duration(
        { description: 'How long requests in flight may end after SIGTERM.', default: '10s' },
        { max: '1h' },
      )
      .prefault('10s'),
    sources: z
      .array(z.discriminatedUnion('type', [sourceSchemas.file, sourceSchemas.stdin, sourceSchemas.http]))
      .meta({ description: 'Where events come from.' }),
    sinks: z.array(sinkSchema).meta({ description: 'Where events go: one webhook each.' }),
  })
  .meta({ title: 'auditsink config' });

export type ParsedConfig = z.output<typeof configSchema>;
export type ParsedSource = ParsedConfig['sources'][number];
export type ParsedSink = ParsedConfig['sinks'][number];
