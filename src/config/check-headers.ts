import { AuditsinkError } from '../core/errors.ts';
import { signatureNames } from '../core/policy.ts';
import { presets } from '../core/presets.ts';
import { signatureScheme } from '../core/signature/schemes.ts';
import type { Checked } from './checked.ts';
import { isHeaderName } from './headers.ts';
import type { Path } from './pointer.ts';

/** Headers that describe the message or the connection, and so belong to whoever sends it. */
const reserved = new Set([
  'content-length',
  'host',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'proxy-connection',
]);

/** Header names: well formed, each once, and none that auditsink sets itself. */
export function checkHeaders(config: Checked, sink: Path): void {
  const base = [...sink, 'headers'];
  const signed = signatureHeaders(config, sink);
  const seen = new Set<string>();
  for (const name of config.keys(base)) {
    const lower = name.toLowerCase();
    const fault = nameFault(name, lower, signed, seen);
    if (fault !== undefined) config.add([...base, name], fault, 'key');
    seen.add(lower);
  }
}

function nameFault(name: string, lower: string, signed: ReadonlySet<string>, seen: ReadonlySet<string>) {
  if (!isHeaderName(name)) {
    return {
      code: 'bad_header',
      message: 'no header can have this name',
      hint: 'letters, digits and `-`, without spaces or `:`',
    };
  }
  if (reserved.has(lower)) {
    return {
      code: 'reserved_header',
      message: `\`${name}\` is set for each request and cannot be given`,
      hint: 'leave it out',
    };
  }
  if (signed.has(lower)) {
    return {
      code: 'reserved_header',
      message: `\`${name}\` would override the signature`,
      hint: 'leave it out; `signing_secret` sets it',
    };
  }
  if (lower === 'idempotency-key') {
    return {
      code: 'reserved_header',
      message: `\`${name}\` is set to the id of the delivery`,
      hint: 'leave it out; templates have the event’s id as `{{id}}`',
    };
  }
  if (seen.has(lower)) {
    return {
      code: 'duplicate_header',
      message: `\`${name}\` is given twice`,
      hint: 'header names do not differ by upper and lower case',
    };
  }
  return undefined;
}

/** The headers the sink's signature will set, in lower case. */
function signatureHeaders(config: Checked, sink: Path): Set<string> {
  if (!config.isGiven([...sink, 'signing_secret'])) return new Set();
  const own = config.text([...sink, 'signature', 'header']);
  if (own !== undefined) return new Set([own.toLowerCase()]);
  const preset = Object.entries(presets).find(([name]) => name === config.text([...sink, 'preset']));
  const wanted = config.text([...sink, 'signature']) ?? preset?.[1].signature ?? 'flipt';
  const scheme = signatureNames.find((name) => name === wanted);
  if (scheme === undefined) return new Set();
  try {
    // Any key does: only the names of the headers are asked for.
    const signer = signatureScheme({ scheme, secrets: [] }).prepare(['AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']);
    const headers = signer.headers({ id: 'id', timestampS: 0, body: '' });
    return new Set(headers.map(([name]) => name.toLowerCase()));
  } catch (error) {
    if (error instanceof AuditsinkError) return new Set();
    throw error;
  }
}
