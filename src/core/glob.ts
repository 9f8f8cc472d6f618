/** A compiled glob, or what is wrong with it (`at`: 0-based index of the offending character). */
export type Glob =
  | { ok: true; matches: (text: string) => boolean }
  | { ok: false; message: string; at: number };

/** One step of a glob: `null` is a star, anything else decides about one character. */
type Step = ((codePoint: number) => boolean) | null;

const maxAlternatives = 256;

/**
 * Compiles a glob over a whole value: `*` any run of characters, `?` one, `[a-z]` and `[!a-z]` one of a set,
 * `{a,b}` alternatives, `\` takes the next character as it is. Case matters; `/` is nothing special. Matching
 * takes at most length of value × length of glob steps, since values may be hostile; so no RegExp here.
 */
export function compileGlob(glob: string): Glob {
  if (!/[*?[\]{}\\]/.test(glob)) return { ok: true, matches: (text) => text === glob };
  if (/^\*+$/.test(glob)) return { ok: true, matches: () => true };
  const parsed = parse(glob);
  if (!Array.isArray(parsed)) return { ok: false, ...parsed };
  const [only] = parsed;
  if (parsed.length === 1 && only !== undefined)
    return { ok: true, matches: (text) => matchSteps(only, text) };
  return { ok: true, matches: (text) => parsed.some((steps) => matchSteps(steps, text)) };
}

function parse(glob: string): Step[][] | { message: string; at: number } {
  /** Every alternative so far; `heads` are those before the open brace and `done` its finished branches. */
  let current: Step[][] = [[]];
  let brace: { at: number; heads: Step[][]; done: Step[][] } | undefined;
  const push = (step: Step): void => current.forEach((steps) => steps.push(step));

  for (let i = 0; i < glob.length; i += 1) {
    const codePoint = glob.codePointAt(i) as number;
    const char = String.fromCodePoint(codePoint);
    if (char === '\\') {
      i += 1;
      const escaped = glob.codePointAt(i);
      if (escaped === undefined) return { message: 'a `\\` at the end escapes nothing', at: i - 1 };
      push((c) => c === escaped);
      if (escaped > 0xffff) i += 1;
    } else if (char === '*') push(null);
    else if (char === '?') push(() => true);
    else if (char === '[') {
      const end = glob.indexOf(']', i + 2);
      if (end === -1) return { message: '`[` is never closed', at: i };
      const step = parseSet(glob.slice(i + 1, end));
      if (step === undefined)
        return { message: '`[…]` is empty or holds a range that runs backwards', at: i };
      push(step);
      i = end;
    } else if (char === '{') {
      if (brace !== undefined) return { message: '`{` inside `{…}` is not supported', at: i };
      brace = { at: i, heads: current, done: [] };
      current = brace.heads.map((steps) => [...steps]);
    } else if (char === '}' || (char === ',' && brace !== undefined)) {
      if (brace === undefined) return { message: '`}` closes nothing', at: i };
      brace.done.push(...current);
      if (brace.done.length > maxAlternatives) return { message: 'too many alternatives', at: brace.at };
      current = char === '}' ? brace.done : brace.heads.map((steps) => [...steps]);
      if (char === '}') brace = undefined;
    } else {
      push((c) => c === codePoint);
      if (codePoint > 0xffff) i += 1;
    }
  }
  return brace === undefined ? current : { message: '`{` is never closed', at: brace.at };
}

function parseSet(text: string): Step | undefined {
  const negated = text.startsWith('!') || text.startsWith('^');
  const points = Array.from(negated ? text.slice(1) : text, (char) => char.codePointAt(0) as number);
  if (points.length === 0) return undefined;
  const ranges: Array<readonly [from: number, to: number]> = [];
  for (let i = 0; i < points.length; i += 1) {
    const from = points[i] as number;
    const isRange = points[i + 1] === 0x2d && i + 2 < points.length;
    const to = isRange ? (points[i + 2] as number) : from;
    if (to < from) return undefined;
    ranges.push([from, to]);
    if (isRange) i += 2;
  }
  return (c) => ranges.some(([from, to]) => c >= from && c <= to) !== negated;
}

/** Greedy matching: after a mismatch only the last star has to be tried one character further. */
function matchSteps(steps: readonly Step[], text: string): boolean {
  let at = 0;
  let step = 0;
  let starStep = -1;
  let starAt = 0;
  while (at < text.length) {
    const codePoint = text.codePointAt(at) as number;
    const test = steps[step];
    if (test === null) {
      starStep = step;
      starAt = at;
      step += 1;
    } else if (test !== undefined && test(codePoint)) {
      at += codePoint > 0xffff ? 2 : 1;
      step += 1;
    } else if (starStep === -1) return false;
    else {
      starAt += (text.codePointAt(starAt) as number) > 0xffff ? 2 : 1;
      at = starAt;
      step = starStep + 1;
    }
  }
  while (steps[step] === null) step += 1;
  return step === steps.length;
}
