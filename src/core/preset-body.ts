import type { AuditEvent, FormatName, IncomingEvent, JsonObject, JsonValue } from './event.ts';
import { originalBody } from './formats/decoder.ts';
import { isObject, objectOf, textOf } from './formats/format.ts';
import { flagsmithPayload } from './preset-flagsmith.ts';
import type { PresetName } from './policy.ts';
import { rollgatePayload } from './preset-rollgate.ts';
import { stableInt, stableUuid } from './stable-id.ts';

/** The payload of each system. A new preset is one function and one line here. */
const payloads: Record<
  PresetName,
  { format: FormatName | undefined; make: (event: AuditEvent) => JsonObject }
> = {
  flipt: { format: 'flipt', make: fliptPayload },
  flipper: { format: 'flipper', make: flipperPayload },
  rollgate: { format: 'rollgate', make: rollgatePayload },
  flagsmith: { format: 'flagsmith', make: flagsmithPayload },
  'standard-webhooks': { format: undefined, make: standardPayload },
};

/**
 * The body a system's own sender would send for an event, whatever system the event came from. An event that
 * came from that very system goes through as it came: `original` is its format and text.
 */
export function presetBody(
  preset: PresetName,
  event: AuditEvent,
  original: Pick<IncomingEvent, 'format' | 'text'>,
): string {
  const { format, make } = payloads[preset];
  if (original.format === format) return originalBody(format, original.text);
  const body = JSON.stringify(make(event));
  // Go's encoder, which is what Flipt's receivers know, escapes these.
  return preset === 'flipt' ? originalBody('flipt', body) : body;
}

function fliptPayload({ type, action, metadata, payload, timestamp, status }: AuditEvent): JsonObject {
  return { version: '0.2', type, action, metadata, payload, timestamp, status };
}

/** The ping says only that something changed: the receiver fetches what (flippercloud.io, "Webhooks"). */
function flipperPayload(event: AuditEvent): JsonObject {
  const environment = textOf(objectOf(event.payload)['namespace_key']);
  return {
    environment_id: stableInt(`environment ${event.source} ${environment}`),
    webhook_id: stableInt(`webhook ${event.source}`),
    delivery_id: stableUuid(`delivery ${event.id}`),
    action: 'sync',
  };
}

/** The shape Standard Webhooks 1.0.0 advises: `type`, `timestamp` and `data`. */
function standardPayload(event: AuditEvent): JsonObject {
  const { type, action, metadata, payload, timestamp, status, previous } = event;
  const about: Record<string, JsonValue> = { actor: metadata['actor'] ?? {}, status };
  if (previous !== undefined) about['previous'] = previous;
  const state: JsonObject = isObject(payload) ? payload : payload === null ? {} : { value: payload };
  // What was denied has not happened.
  const words = status === 'success' ? [type, action] : [type, action, status];
  return { type: words.map(dotted).join('.'), timestamp, data: { ...about, ...state } };
}

/** Event types are dotted words of letters, digits and `_`. */
function dotted(word: string): string {
  return word.replaceAll(/[^\w.]/g, '_');
}
