/** What stands behind `${…}`. */
export type Lookup = {
  env: (name: string) => string | undefined;
  /** Content of a file without trailing white space. */
  file: (path: string) => { ok: true; text: string } | { ok: false; reason: string };
};

/** A stretch of the result and where it came from in the raw text. */
export interface Segment {
  /** Index in the result where it begins; it ends where the next one begins. */
  start: number;
  /** Index in the raw text. */
  rawStart: number;
  /** False for what was put in for a reference. */
  literal: boolean;
}

export interface InterpolationProblem {
  code: 'unset_variable' | 'unreadable_file' | 'bad_reference';
  message: string;
  hint: string;
  /** Where the reference stands in the raw text. */
  start: number;
  length: number;
}

export interface Interpolated {
  text: string;
  segments: Segment[];
  /** True when something was put in: the text is then a secret. */
  replaced: boolean;
  /** True for `${env:NAME:-}` alone without a value: the setting counts as not given. */
  unset: boolean;
  problems: InterpolationProblem[];
}

/** `$$`, `${…}`, or a `${` that is never closed; `${{` is a dollar before a template expression. */
const reference = /\$\$|\$\{(?!\{)(?:([^}\n]*)\}|)/g;
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** True when the text holds something to replace. */
export function hasReference(text: string): boolean {
  return text.includes('$') && text.search(reference) !== -1;
}

/**
 * Replaces `${env:NAME}`, `${env:NAME:-default}`, `${NAME}`, `${file:/path}` and `$$` once: what is put in is
 * never looked at again. An empty variable counts as unset where a default is given, as in a shell.
 */
export function interpolate(raw: string, lookup: Lookup): Interpolated {
  const result: Interpolated = { text: raw, segments: [], replaced: false, unset: false, problems: [] };
  if (!raw.includes('$')) return result;
  let text = '';
  let rawEnd = 0;
  const literal = (to: number): void => {
    if (to > rawEnd) result.segments.push({ start: text.length, rawStart: rawEnd, literal: true });
    text += raw.slice(rawEnd, to);
  };
  for (const match of raw.matchAll(reference)) {
    literal(match.index);
    rawEnd = match.index + match[0].length;
    result.segments.push({ start: text.length, rawStart: match.index, literal: false });
    if (match[0] === '$$') {
      text += '$';
      continue;
    }
    const resolved = resolve(match[1], lookup);
    if (resolved.ok) {
      result.replaced = true;
      result.unset = resolved.emptyDefault && match[0].length === raw.length;
      text += resolved.text;
    } else {
      result.problems.push({ ...resolved.problem, start: match.index, length: match[0].length });
    }
  }
  literal(raw.length);
  result.text = text;
  return result;
}

type Resolved =
  | { ok: true; text: string; emptyDefault: boolean }
  | { ok: false; problem: Pick<InterpolationProblem, 'code' | 'message' | 'hint'> };

function resolve(inner: string | undefined, lookup: Lookup): Resolved {
  if (inner === undefined)
    return bad('`${` is never closed', 'close it with `}`, or write `$${` for a literal `${`');
  if (inner.startsWith('file:')) {
    const path = inner.slice('file:'.length).trim();
    if (path === '') return bad('`${file:}` names no file', 'write `${file:/path/to/secret}`');
    const read = lookup.file(path);
    if (read.ok) return { ok: true, text: read.text, emptyDefault: false };
    return fail(
      'unreadable_file',
      `cannot read the file of \`\${file:${path}}\`: ${read.reason}`,
      'the path is relative to the config file; check that the daemon may read it',
    );
  }
  const body = inner.startsWith('env:') ? inner.slice('env:'.length) : inner;
  const split = body.indexOf(':-');
  const name = split === -1 ? body : body.slice(0, split);
  if (!variableName.test(name)) {
    return bad(
      'this is no variable that can be replaced',
      'write `${env:NAME}`, `${env:NAME:-default}` or `${file:/path}`, or `$${` for a literal `${`',
    );
  }
  const value = lookup.env(name);
  if (split !== -1) {
    const fallback = body.slice(split + 2);
    if (value === undefined || value === '')
      return { ok: true, text: fallback, emptyDefault: fallback === '' };
  }
  if (value !== undefined) return { ok: true, text: value, emptyDefault: false };
  return fail(
    'unset_variable',
    `environment variable ${name} is not set`,
    `set it, or give a default: \`\${env:${name}:-…}\``,
  );
}

function fail(code: InterpolationProblem['code'], message: string, hint: string): Resolved {
  return { ok: false, problem: { code, message, hint } };
}

function bad(message: string, hint: string): Resolved {
  return fail('bad_reference', message, hint);
}
