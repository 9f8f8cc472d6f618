import type { JsonObject, JsonValue } from '../event.ts';
import { actorOf, isObject, textOf, type Format } from './format.ts';

const typeKeys = [
  'type',
  'event_type',
  'eventType',
  'event',
  'object_type',
  'resource_type',
  'resource',
  'kind',
];
const actionKeys = ['action', 'verb', 'operation', 'event_action'];
const timeKeys = ['timestamp', 'time', 'ts', '@timestamp', 'created_at', 'createdAt', 'occurred_at', 'date'];
const actorKeys = ['actor', 'user', 'author', 'created_by', 'createdBy', 'changed_by', 'triggered_by', 'by'];
const payloadKeys = ['payload', 'data', 'object', 'after', 'new_state'];
const previousKeys = ['previous', 'before', 'previous_state', 'old'];

/** Any JSON object: type, action, actor and payload are taken from the fields most senders use for them. */
export const json: Format = {
  name: 'json',

  recognises(raw) {
    return firstText(raw, typeKeys) !== '' || firstText(raw, actionKeys) !== '';
  },

  normalise(raw, source, id) {
    const { type, action } = typeAndAction(raw);
    const previous = first(raw, previousKeys);
    return {
      id: id(),
      source,
      version: textOf(raw['version']),
      type,
      action,
      metadata: metadataOf(raw),
      payload: first(raw, payloadKeys) ?? raw,
      timestamp: firstText(raw, timeKeys),
      status: textOf(raw['status']) || 'success',
      raw,
      ...(previous === undefined ? {} : { previous }),
    };
  },
};

/** `flag.created`, `flag:created` and `flag/created` name both where there is no separate action. */
function typeAndAction(raw: JsonObject): { type: string; action: string } {
  const type = firstText(raw, typeKeys);
  const action = firstText(raw, actionKeys);
  if (action === '') {
    const split = /^(.+)[.:/]([^.:/]+)$/.exec(type);
    if (split !== null) return { type: split[1] ?? '', action: split[2] ?? '' };
  }
  return { type: type || 'event', action: action || 'received' };
}

function metadataOf(raw: JsonObject): JsonObject {
  const metadata = raw['metadata'];
  if (isObject(metadata) && isObject(metadata['actor'])) return metadata;
  return { ...(isObject(metadata) ? metadata : {}), actor: actorOf(first(raw, actorKeys)) };
}

function first(raw: JsonObject, keys: readonly string[]): JsonValue | undefined {
  for (const key of keys) if (Object.hasOwn(raw, key) && raw[key] !== null) return raw[key];
  return undefined;
}

function firstText(raw: JsonObject, keys: readonly string[]): string {
  for (const key of keys) {
    const text = Object.hasOwn(raw, key) ? textOf(raw[key]) : '';
    if (text !== '') return text;
  }
  return '';
}
