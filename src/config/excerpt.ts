/** A stretch of the file, by offsets, that must not be shown. */
export type Range = readonly [start: number, end: number];

const hidden = '[hidden]';
const maxLineLength = 200;
const maxValueLength = 60;

/** What of a URL may be a credential: user and password, and everything behind the host. */
const secretOfUrl = /(?<=https?:\/\/)[^/\s"'`<>]*@|(?<=https?:\/\/[^/\s"'`<>]{1,253})[/?#][^\s"'`<>)}\]]+/gi;

/** A value as a message may repeat it: one line, not too long, without the secret part of a URL. */
export function quotable(value: string): string {
  const line = value.replaceAll(secretOfUrl, hidden).replaceAll(/\s+/g, ' ');
  return line.length > maxValueLength ? `${line.slice(0, maxValueLength)}…` : line;
}

/** Keys whose values are secrets or hold them. */
export function isSensitiveKey(key: string): boolean {
  return /^(url|proxy|headers|bearer)$|secret|token|password|passwd|credential|authorization|api.?key/i.test(
    key,
  );
}

/**
 * Lines of a config file as they may be shown: values of sensitive keys, paths of URLs and defaults of
 * variables are hidden. References such as `${env:NAME}` stay, since they name a secret without holding it.
 */
export class Excerpts {
  readonly #text: string;
  readonly #lineStarts: number[] = [0];
  readonly #sensitive: Range[] = [];

  constructor(text: string) {
    this.#text = text;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1))
      this.#lineStarts.push(at + 1);
  }

  /** Marks a stretch of the file as never to be shown. */
  hide(range: Range): void {
    this.#sensitive.push(range);
  }

  /** 1-based line and column of an offset. */
  position(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] as number) + 1 };
  }

  /** The text of a 1-based line without its line end; nothing is hidden. */
  rawLine(line: number): string {
    const start = this.#lineStarts[line - 1];
    if (start === undefined) return '';
    return this.#text.slice(start, (this.#lineStarts[line] ?? this.#text.length + 1) - 1).replace(/\r$/, '');
  }

  /**
   * The line as it may be shown, or undefined when what is hidden stands before `column`, so that a caret
   * would point at the wrong place.
   */
  show(line: number, column: number): string | undefined {
    const start = this.#lineStarts[line - 1];
    if (start === undefined) return undefined;
    const raw = this.rawLine(line);
    const ranges = this.#sensitive.flatMap(([from, to]) => {
      const cut: Range = [Math.max(0, from - start), Math.min(raw.length, to - start)];
      return cut[0] < cut[1] ? outsideReferences(raw, cut) : [];
    });
    for (const match of raw.matchAll(secretOfUrl)) {
      ranges.push([match.index, match.index + match[0].length]);
    }
    for (const match of raw.matchAll(/(?<=\$\{[^}\n]*:-)[^}\n]+(?=\})/g)) {
      ranges.push([match.index, match.index + match[0].length]);
    }
    return cutLong(redact(raw, ranges, column - 1));
  }
}

/** The parts of a range that are no `${…}` and not only white space or quotes. */
function outsideReferences(raw: string, [from, to]: Range): Range[] {
  const parts: Range[] = [];
  let at = from;
  for (const match of raw.slice(from, to).matchAll(/\$\{[^}\n]*\}/g)) {
    parts.push([at, from + match.index]);
    at = from + match.index + match[0].length;
  }
  parts.push([at, to]);
  return parts.filter(([start, end]) => /[^\s"']/.test(raw.slice(start, end)));
}

function redact(raw: string, ranges: Range[], caret: number): string | undefined {
  let shown = '';
  let at = 0;
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
    if (to <= at) continue;
    if (from < caret) return undefined;
    shown += raw.slice(at, Math.max(at, from)) + (from >= at ? hidden : '');
    at = to;
  }
  return shown + raw.slice(at);
}

function cutLong(line: string | undefined): string | undefined {
  return line === undefined || line.length <= maxLineLength ? line : `${line.slice(0, maxLineLength)}…`;
}
