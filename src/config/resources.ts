import type { BodyConfig, SinkConfig, TemplatePlace } from './config.ts';
import type { Checked } from './checked.ts';
import { Excerpts } from './excerpt.ts';
import type { SinkResources } from './mapper.ts';
import { filePlace } from './place.ts';
import { pointerOf } from './pointer.ts';
import type { Path } from './pointer.ts';
import { unresolved } from './tree.ts';

/** Reads what a sink keeps in files (template, TLS), and gives its templates their places. */
export function readResources(config: Checked, sink: Path): SinkResources {
  return { body: readBody(config, sink), tls: readTls(config, [...sink, 'tls']) };
}

function readBody(config: Checked, sink: Path): BodyConfig | null {
  const template = config.readNamed([...sink, 'template']);
  if (template !== undefined) {
    const { file, text } = template;
    return { kind: 'text', text, place: filePlace(file, new Excerpts(text)) };
  }
  const path = [...sink, 'body'];
  const body = config.tree.at(path);
  if (body === undefined || body === unresolved) return null;
  if (typeof body !== 'object' || body === null) return readTextBody(config, sink, body);
  const places = new Map<string, TemplatePlace>();
  const tree = collect(config, path, [], body, places);
  return { kind: 'tree', tree, places };
}

function readTextBody(config: Checked, sink: Path, body: unknown): BodyConfig | null {
  const path = [...sink, 'body'];
  if (typeof body !== 'string') {
    config.add(path, {
      code: 'wrong_type',
      message: '`body` must be text, a map or a list',
      hint: 'put a template in quotes or below `body: |`',
    });
    return null;
  }
  if (body.trim() === '') {
    config.add(path, {
      code: 'empty',
      message: '`body` is empty',
      hint: 'leave it out to send the event as it came',
    });
    return null;
  }
  if (body.trim() === 'preset') return readPresetBody(config, sink);
  const place = config.tree.place(path)?.template?.();
  return place === undefined ? null : { kind: 'text', text: body, place };
}

function readPresetBody(config: Checked, sink: Path): BodyConfig | null {
  const preset = config.text([...sink, 'preset']);
  switch (preset) {
    case 'flipt':
    case 'flipper':
    case 'rollgate':
    case 'flagsmith':
    case 'standard-webhooks':
      return { kind: 'preset', preset };
    default:
      config.add([...sink, 'body'], {
        code: 'preset_missing',
        message: '`body: preset` needs a `preset`',
        hint: 'add for example `preset: rollgate` to this sink',
      });
      return null;
  }
}

/** Copies the tree with the place of each of its strings; empty values are null, as in YAML. */
function collect(
  config: Checked,
  base: Path,
  path: Path,
  value: unknown,
  places: Map<string, TemplatePlace>,
): unknown {
  if (Array.isArray(value))
    return value.map((item: unknown, i) => collect(config, base, [...path, i], item, places));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, collect(config, base, [...path, key], item, places)]),
    );
  }
  if (typeof value === 'string') {
    const place = config.tree.place([...base, ...path])?.template?.();
    if (place !== undefined) places.set(pointerOf(path), place);
  }
  return value === undefined || typeof value === 'symbol' ? null : value;
}

function readTls(config: Checked, path: Path): SinkConfig['tls'] {
  const pem = (key: string, kind: RegExp, what: string): string | null => {
    const read = config.readNamed([...path, key]);
    if (read === undefined) return null;
    if (!kind.test(read.text)) {
      config.add([...path, key], {
        code: 'bad_pem',
        message: `the file of \`${key}\` holds no ${what} in PEM form`,
        hint: 'it begins with `-----BEGIN `',
      });
    }
    return read.text;
  };
  const certificate = /-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/;
  const tls = {
    ca: pem('ca_file', certificate, 'certificate'),
    cert: pem('cert_file', certificate, 'certificate'),
    key: pem('key_file', /-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'private key'),
  };
  const [cert, key] = ['cert_file', 'key_file'].map((name) => config.isGiven([...path, name]));
  if (cert !== key) {
    const given = cert === true ? 'cert_file' : 'key_file';
    config.add([...path, given], {
      code: 'tls_pair',
      message: `\`${given}\` is of no use alone`,
      hint: '`cert_file` and `key_file` belong together',
    });
  }
  return tls;
}
