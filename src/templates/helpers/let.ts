import type { HelperOptions } from '../helper.ts';

/** `{{#let who=metadata.actor.name}}…{{/let}}`: the body sees the same fields and the given ones besides. */
export function letBlock(this: unknown, options: HelperOptions): string {
  const context = typeof this === 'object' && this !== null ? this : {};
  return options.fn?.({ ...context, ...options.hash }, { data: options.data }) ?? '';
}
