import * as z from 'zod';
import { formatNames } from '../core/event.ts';
import * as of from './scalars.ts';
import { bad, listOf, shown } from './setting.ts';
import { signature } from './signature-setting.ts';

const formats = ['auto', ...formatNames] as const;

const name = (more: string) =>
  of.name({ description: `Unique name of the source${more}.`, examples: ['flipt'] });
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

/** What a source may hold, by its `type`. */
export const sourceSchemas = {
  file: z.strictObject({
    name: name('; the position in the file belongs to it'),
    type: z.literal('file').meta(shown({ description: 'A log file that is followed through rotations.' })),
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
    name: name(''),
    type: z.literal('stdin').meta(shown({ description: 'Lines piped into the daemon.' })),
    format,
    max_line_bytes: maxLineBytes,
  }),
  http: z.strictObject({
    name: name(''),
    type: z
      .literal('http')
      .meta(
        shown({ description: 'Webhooks of another system, received and kept before they are answered.' }),
      ),
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
      .meta(shown({ description: 'How a request proves where it comes from.' }))
      .optional(),
  }),
} as const;
