import { compileText } from './compile.ts';
import type { Compiled, TemplateSetOptions } from './compile.ts';

/**
 * `compileText` that compiles a text once for all sinks that send it alike. Parsing a large template takes some
 * milliseconds, and many sinks often share one. Partials are read once, so use a new one for each load of the config.
 */
export function sharedCompiler(): typeof compileText {
  const known = new Map<string, Compiled>();
  return (text, options: TemplateSetOptions) => {
    const { partialsDir, contentType, slack = false } = options;
    const key = JSON.stringify([text, partialsDir, contentType, slack]);
    const found = known.get(key);
    if (found !== undefined) return found;
    const compiled = compileText(text, options);
    known.set(key, compiled);
    return compiled;
  };
}
