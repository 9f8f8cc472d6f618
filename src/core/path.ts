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
  const [first, second] = segments;
  if (first === undefined) return (root) => root;
  if (second === undefined) return keyReader(first);
  const readers = segments.map(keyReader);
  const joined = segments.map((_, from) =>
    segments.slice(from).map((_s, i) => keyReader(segments.slice(from, from + i + 1).join('.'))),
  );
  if (segments.length === 2) {
    const [outer, inner] = readers as [PathReader, PathReader];
    const both = keyReader(`${first}.${second}`);
    return (root) => {
      const value = inner(outer(root));
      return value === undefined ? both(root) : value;
    };
  }
  return (root) => {
    let value = root;
    for (const read of readers) value = read(value);
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

/** Reads one own key. Asking for ownership costs more than reading, so it is asked only where it matters. */
function keyReader(key: string): PathReader {
  if (inherited.has(key)) {
    return (value) => (isContainer(value) && Object.hasOwn(value, key) ? value[key] : undefined);
  }
  return (value) => (isContainer(value) ? value[key] : undefined);
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** `joined[from][n]` reads the key made of the `n + 1` segments that begin at `from`. */
function readJoined(root: unknown, joined: readonly PathReader[][], from: number): unknown {
  const readers = joined[from] ?? [];
  for (let n = readers.length - 1; n >= 0; n -= 1) {
    const value = readers[n]?.(root);
    if (value === undefined) continue;
    const found = n === readers.length - 1 ? value : readJoined(value, joined, from + n + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
