/** Reads one place out of an event; undefined where there is nothing. */
export type PathReader = (root: unknown) => unknown;

/**
 * The segments of a dotted path such as `payload.key`, `changes.0.path` or `payload.[a.b].c`; brackets hold a
 * key of any characters. Returns undefined when the path is empty or has an empty segment.
 */
export function parsePath(path: string): string[] | undefined {
  const segments: string[] = [];
  const pattern = /(?:\[([^\]]+)\]|([^.[\]]+))(\.|$)/y;
  let separator: string | undefined = '.';
  while (pattern.lastIndex < path.length) {
    const match = pattern.exec(path);
    if (match === null) return undefined;
    segments.push(match[1] ?? match[2] ?? '');
    separator = match[3];
  }
  return separator === '' ? segments : undefined;
}

/** A path in the form {@link parsePath} reads: keys that hold dots, brackets or spaces stand in brackets. */
export function formatPath(segments: readonly string[]): string {
  return segments.map((segment) => (/^[^.[\]\s]+$/.test(segment) ? segment : `[${segment}]`)).join('.');
}

/**
 * Prepares the reading of a path. Each segment is one own key; where that leads nowhere, neighbouring segments
 * are tried joined by dots, longest first, because Flipt's token events carry keys such as
 * `io.flipt.auth.token.name`. So `payload.io.flipt.auth.token.name` works as people write it, and a nested
 * field always wins over a key with dots. Inherited properties are never read.
 */
export function pathReader(segments: readonly string[]): PathReader {
  const length = segments.length;
  if (length < 2) {
    const [only] = segments;
    return only === undefined ? (root) => root : (root) => own(root, only);
  }
  const joined = segments.map((_, from) =>
    segments.slice(from).map((_s, i) => segments.slice(from, from + i + 1).join('.')),
  );
  return (root) => {
    let value = root;
    for (let i = 0; i < length && value !== undefined; i += 1) value = own(value, segments[i] as string);
    return value === undefined ? readJoined(root, joined, 0) : value;
  };
}

/** Reads `path` out of `root` by the rule of {@link pathReader}; undefined also for a malformed path. */
export function readPath(root: unknown, path: string): unknown {
  const segments = parsePath(path);
  return segments === undefined ? undefined : pathReader(segments)(root);
}

/** Names that every object or list inherits; any other name it does not own reads as undefined by itself. */
const inherited = new Set(
  [Object.prototype, Array.prototype].flatMap((proto) => Object.getOwnPropertyNames(proto)),
);

function own(value: unknown, key: string): unknown {
  if (value === null || typeof value !== 'object') return undefined;
  // Asking for ownership costs more than the reading itself, so it is asked only where it can matter.
  if (inherited.has(key) && !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

/** `joined[from][n]` is the key made of the `n + 1` segments that begin at `from`. */
function readJoined(root: unknown, joined: readonly string[][], from: number): unknown {
  if (root === null || typeof root !== 'object') return undefined;
  const keys = joined[from] ?? [];
  for (let n = keys.length - 1; n >= 0; n -= 1) {
    const value = own(root, keys[n] as string);
    if (value === undefined) continue;
    const found = n === keys.length - 1 ? value : readJoined(value, joined, from + n + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
