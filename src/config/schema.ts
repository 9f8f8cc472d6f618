import * as z from 'zod';
import { logLevels } from '../core/logger.ts';
import * as of from './scalars.ts';
import { shown } from './setting.ts';
import { sinkSchema } from './sink-schema.ts';
import { sourceSchemas } from './source-schema.ts';

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
      {
        description:
          'Size at which sources are held back until there is room. SQLite’s log beside the journal is not part of it: the volume must hold 64 MiB more.',
        default: '1GiB',
      },
      { min: '1MiB' },
    )
    .prefault('1GiB'),
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
    log: logSection.meta(shown({ description: 'The daemon’s own log, on stdout.' })).prefault({}),
    admin: adminSection.meta(shown({ description: 'Health, metrics and API.' })).prefault({}),
    journal: journalSection
      .meta(shown({ description: 'The durable log of events and deliveries.' }))
      .prefault({}),
    shutdown_grace: of
      .duration(
        { description: 'How long requests in flight may end after SIGTERM.', default: '10s' },
        { max: '1h' },
      )
      .prefault('10s'),
    sources: z
      .array(z.discriminatedUnion('type', [sourceSchemas.file, sourceSchemas.stdin, sourceSchemas.http]))
      .meta(shown({ description: 'Where events come from.' })),
    sinks: z.array(sinkSchema).meta(shown({ description: 'Where events go: one webhook each.' })),
  })
  .meta(shown({ title: 'auditsink config' }));

export type ParsedConfig = z.output<typeof configSchema>;
export type ParsedSource = ParsedConfig['sources'][number];
export type ParsedSink = ParsedConfig['sinks'][number];
