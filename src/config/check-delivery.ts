import { formatDuration, parseDuration } from '../core/duration.ts';
import { presetNames } from '../core/policy.ts';
import { defaultPolicy, presets } from '../core/presets.ts';
import type { Checked } from './checked.ts';
import type { Path } from './pointer.ts';

/** Settings of a sink that exclude each other or have no effect together. */
export function checkDelivery(config: Checked, sink: Path): void {
  const given = (...keys: string[]): boolean => config.isGiven([...sink, ...keys]);
  if (given('body') && given('template')) {
    overlap(config, [...sink, 'template'], '`body` and `template` are both given', 'keep one of the two');
  }
  if (given('retry', 'schedule')) {
    for (const key of ['initial_interval', 'multiplier', 'max_interval', 'jitter'].filter((name) =>
      given('retry', name),
    )) {
      overlap(
        config,
        [...sink, 'retry', key],
        `\`${key}\` has no effect beside \`schedule\``,
        'keep the one or the other',
      );
    }
  }
  if (given('batch') && given('order_by')) {
    overlap(
      config,
      [...sink, 'order_by'],
      '`order_by` cannot be kept inside a `batch`',
      'for order with batches use `concurrency: 1`',
    );
  }
  if (given('order_by') && String(config.tree.at([...sink, 'concurrency'])) === '1') {
    config.add(
      [...sink, 'order_by'],
      {
        severity: 'warning',
        code: 'no_effect',
        message: '`order_by` has no effect with `concurrency: 1`',
        hint: 'everything is in order already; raise `concurrency` for parallelism across values',
      },
      'key',
    );
  }
  checkIntervals(config, sink);
  checkSchedule(config, sink);
}

function overlap(config: Checked, at: Path, message: string, hint: string): void {
  config.add(at, { code: 'overlap', message, hint }, 'key');
}

/** The first wait is not longer than the cap, whichever of the two is only a default. */
function checkIntervals(config: Checked, sink: Path): void {
  const initialAt = [...sink, 'retry', 'initial_interval'];
  const maxAt = [...sink, 'retry', 'max_interval'];
  if (config.isGiven([...sink, 'retry', 'schedule'])) return;
  if (!config.isGiven(initialAt) && !config.isGiven(maxAt)) return;
  const preset = presetNames.find((name) => name === config.text([...sink, 'preset']));
  const base =
    preset !== undefined && presets[preset].retry.scheduleMs === null
      ? presets[preset].retry
      : defaultPolicy.retry;
  const initial = durationAt(config, initialAt, base.initialIntervalMs);
  const max = durationAt(config, maxAt, base.maxIntervalMs);
  if (initial === undefined || max === undefined || initial <= max) return;
  const bothGiven = config.isGiven(initialAt) && config.isGiven(maxAt);
  const other = config.isGiven(initialAt)
    ? `\`max_interval\`${bothGiven ? '' : `, which is ${formatDuration(max)}`}`
    : '';
  config.add(config.isGiven(initialAt) ? initialAt : maxAt, {
    code: 'bad_interval',
    message: config.isGiven(initialAt)
      ? `\`initial_interval\` is longer than ${other}`
      : `\`max_interval\` is shorter than \`initial_interval\`, which is ${formatDuration(initial)}`,
    hint: 'the waits grow from `initial_interval` up to `max_interval`',
  });
}

function durationAt(config: Checked, path: Path, fallback: number): number | undefined {
  if (!config.isGiven(path)) return fallback;
  const text = config.text(path);
  return text === undefined ? undefined : parseDuration(text);
}

function checkSchedule(config: Checked, sink: Path): void {
  const at = [...sink, 'retry', 'schedule'];
  const waits = config.length(at);
  if (config.isEmptyList(at)) {
    config.add(at, {
      code: 'empty',
      message: '`schedule` is an empty list',
      hint: 'for a single attempt write `max_attempts: 1`',
    });
  }
  const attempts = Number(config.tree.at([...sink, 'retry', 'max_attempts']));
  if (waits > 0 && attempts > waits + 1) {
    config.add([...sink, 'retry', 'max_attempts'], {
      severity: 'warning',
      code: 'no_effect',
      message: `a schedule of ${waits} waits ends after ${waits + 1} attempts`,
      hint: 'leave `max_attempts` out, or add waits',
    });
  }
}
