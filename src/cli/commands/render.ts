import { samplesOf } from '../../app/check-samples.ts';
import { givenEvent } from '../../app/given-event.ts';
import { preview } from '../../app/preview.ts';
import type { SinkPlan } from '../../app/sink-plan.ts';
import { watchConfigFiles } from '../../config/watch.ts';
import { systemClock } from '../../core/clock.ts';
import { AuditsinkError, messageOf } from '../../core/errors.ts';
import type { IncomingEvent } from '../../core/event.ts';
import { type LoadedConfig, requireConfig, requireSink } from '../config-option.ts';
import { aborted, untilInterrupted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { printableLine } from '../printable.ts';
import { readInput } from '../read-input.ts';
import { requestText } from '../request-text.ts';
import { paintFor } from '../style.ts';

export interface RenderOptions {
  config: string;
  sink: string;
  event?: string;
  all?: boolean;
  watch?: boolean;
  json?: boolean;
}

/** Prints the requests a sink would make: 0 when all could be rendered, 1 when not. */
export async function render(io: Io, options: RenderOptions): Promise<number> {
  if (options.event !== undefined && options.all === true) {
    throw new AuditsinkError('usage', '--event and --all exclude each other');
  }
  // Read once: standard input comes only once.
  const text = options.event === undefined ? undefined : (await readInput(io, options.event)).toString();
  if (options.watch === true) return watch(io, options, text);
  return renderOnce(io, options, text, await requireConfig(io, options.config));
}

async function watch(io: Io, options: RenderOptions, text: string | undefined): Promise<number> {
  using interrupt = untilInterrupted(io);
  let files: string[] = [];
  const again = async (): Promise<void> => {
    try {
      const loaded = await requireConfig(io, options.config);
      files = loaded.files;
      renderOnce(io, options, text, loaded);
    } catch (error) {
      io.stderr.write(`${messageOf(error)}\n`);
    }
    io.stderr.write('waiting for the next save; Ctrl-C ends it\n');
  };
  let last = again();
  await last;
  // A config that is broken from the start is watched as well.
  const watcher = watchConfigFiles(files.length === 0 ? [options.config] : files, () => {
    last = last.then(again).then(() => watcher.setFiles(files.length === 0 ? [options.config] : files));
  });
  await aborted(interrupt.signal);
  await watcher.close();
  await last;
  return 0;
}

function renderOnce(io: Io, options: RenderOptions, text: string | undefined, loaded: LoadedConfig): number {
  const plan = requireSink(loaded, options.sink);
  let code = 0;
  for (const incoming of eventsFor(io, options, text, plan, loaded)) {
    const result = preview(plan, incoming, systemClock);
    if (!result.ok) {
      code = 1;
      io.stderr.write(`auditsink: nothing would be sent: ${printableLine(result.reason)}\n`);
    } else if (options.json === true) {
      io.stdout.write(
        `${JSON.stringify({ ...result.request, headers: Object.fromEntries(result.request.headers) })}\n`,
      );
    } else {
      io.stdout.write(
        `${requestText(result.request, paintFor(io.stdout, io.env))}${options.all === true ? '\n' : ''}`,
      );
    }
  }
  return code;
}

function eventsFor(
  io: Io,
  options: RenderOptions,
  text: string | undefined,
  plan: SinkPlan,
  { config }: LoadedConfig,
): IncomingEvent[] {
  if (text !== undefined) {
    const given = requireEvent(givenEvent(text, plan, config), options.event ?? '');
    if (!plan.wants(given.event)) {
      io.stderr.write(`note: the filter of ${options.sink} does not let this event through\n`);
    }
    return [given];
  }
  const samples = samplesOf(plan, config);
  if (samples.length === 0) throw noSample(options.sink);
  return options.all === true ? samples : samples.slice(0, 1);
}

/** Throws AuditsinkError('usage') where `--event` holds none. */
export function requireEvent(event: IncomingEvent | undefined, file: string): IncomingEvent {
  if (event !== undefined) return event;
  throw new AuditsinkError(
    'usage',
    `${file} holds no event: give one as its sender writes it, such as a line of Flipt's audit log`,
  );
}

/** No sample event could reach the sink. */
export function noSample(sink: string): AuditsinkError {
  return new AuditsinkError(
    'failed',
    `none of the sample events passes the filter of ${sink}: give one with --event`,
  );
}
