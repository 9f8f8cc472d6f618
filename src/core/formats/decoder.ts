import type { AuditEvent, FormatName, JsonObject, JsonValue } from '../event.ts';
import type { FormatSetting } from '../policy.ts';
import type { Decoded, Decoder } from '../source.ts';
import { flagsmith } from './flagsmith.ts';
import { flipper } from './flipper.ts';
import { flipt, isLogLine, locateDocument } from './flipt.ts';
import { fliptWebhookBody } from './flipt-body.ts';
import { isObject, type Format } from './format.ts';
import { json } from './json.ts';
import { rollgate } from './rollgate.ts';
import { unleash } from './unleash.ts';

/** A new format is one file and one line here; `auto` asks them in this order, the most particular first. */
const formats: readonly Format[] = [flipt, flagsmith, rollgate, flipper, unleash, json];

const byName = new Map<FormatName, Format>(formats.map((format) => [format.name, format]));

const skipped: Decoded = { kind: 'skipped' };
const invalidJson: Decoded = { kind: 'rejected', reason: 'invalid_json' };
const notAnEvent: Decoded = { kind: 'rejected', reason: 'not_an_event' };
const openBrace = 0x7b;

/**
 * A decoder for one source. In `flipt` and `auto`, log lines between the audit lines are skipped; whatever
 * looks like an audit line and is none, and every JSON object nobody knows, is rejected.
 */
export function createDecoder(source: string, setting: FormatSetting): Decoder {
  const amongLogs = setting === 'flipt' || setting === 'auto';
  const fixed = setting === 'auto' ? undefined : formatOf(setting);
  return (line, id) => {
    let text = line;
    if (line.charCodeAt(0) !== openBrace) {
      if (amongLogs) {
        const located = locateDocument(line);
        if (located.kind !== 'document') return located;
        text = located.text;
      } else {
        text = line.trim(); // also drops a byte order mark
      }
    }
    let raw: JsonValue;
    try {
      raw = JSON.parse(text);
    } catch {
      return invalidJson; // the reason is all that is kept of a parse error
    }
    if (!isObject(raw)) return notAnEvent;
    const format = fixed ?? recognise(raw);
    const event = format?.normalise(raw, source, id);
    if (format === undefined || event === undefined)
      return amongLogs && isLogLine(raw) ? skipped : notAnEvent;
    return { kind: 'event', incoming: { event, format: format.name, text } };
  };
}

/** `auto`: a format whose shape it has; `json` only if it is neither a log line nor a broken Flipt event. */
function recognise(raw: JsonObject): Format | undefined {
  const format = formats.find((candidate) => candidate.recognises(raw));
  if (format === json && (isLogLine(raw) || raw['M'] === 'AUDIT')) return undefined;
  return format;
}

/** The event of a text that was accepted before. Throws if it is none, which means the journal was altered. */
export function redecode(source: string, id: string, format: FormatName, text: string): AuditEvent {
  const raw: JsonObject = JSON.parse(text);
  const event = formatOf(format).normalise(raw, source, () => id);
  if (event === undefined)
    throw new TypeError(`event ${id} of source ${source} is no ${format} event any more`);
  return event;
}

/**
 * What a sink without a body sends: for Flipt byte for byte what Flipt's own webhook would send, for the
 * others the text as it came.
 */
export function originalBody(format: FormatName, text: string): string {
  return format === 'flipt' ? fliptWebhookBody(text) : text;
}

function formatOf(name: FormatName): Format {
  const format = byName.get(name);
  if (format === undefined) throw new TypeError(`no format ${name}`);
  return format;
}
