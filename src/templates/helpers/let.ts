/** What Handlebars passes to a block helper as its last argument. */
interface BlockOptions {
  hash: Record<string, unknown>;
  fn(context: unknown, options: { data: unknown }): string;
  data?: unknown;
}

/** `{{#let who=metadata.actor.name}}…{{/let}}`: the body sees the same fields and the given ones besides. */
export function letBlock(this: unknown, options: BlockOptions): string {
  const context = typeof this === 'object' && this !== null ? this : {};
  return options.fn({ ...context, ...options.hash }, { data: options.data });
}
