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

/** A path in the form {@link parsePath} reads: keys that hold dots or brackets stand in brackets. */
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
  if (segments.length === 1 && first !== undefined) return (root) => own(root, first);
  if (segments.length === 2 && first !== undefined && second !== undefined) {
    const joined = `${first}.${second}`;
    return (root) => own(own(root, first), second) ?? orJoined(root, segments, joined);
  }
  return (root) => {
    let value = root;
    for (const segment of segments) value = own(value, segment);
    return value === undefined && segments.length > 0 ? joinedKeys(root, segments, 0) : value;
  };
}

/** Reads `path` out of `root` by the rule of {@link pathReader}; undefined also for a malformed path. */
export function readPath(root: unknown, path: string): unknown {
  const segments = parsePath(path);
  return segments === undefined ? undefined : pathReader(segments)(root);
}

function own(value: unknown, key: string): unknown {
  if (value === null || typeof value !== 'object') return undefined;
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** With two segments the only joined key is the whole path; `null` found the nested way stays null. */
function orJoined(root: unknown, segments: readonly string[], joined: string): unknown {
  const [first = '', second = ''] = segments;
  return own(own(root, first), second) === null ? null : own(root, joined);
}

function joinedKeys(root: unknown, segments: readonly string[], from: number): unknown {
  if (root === null || typeof root !== 'object') return undefined;
  for (let to = segments.length; to > from; to -= 1) {
    const value = own(root, segments.slice(from, to).join('.'));
    if (value === undefined) continue;
    const found = to === segments.length ? value : joinedKeys(value, segments, to);
    if (found !== undefined) return found;
  }
  return undefined;
}
