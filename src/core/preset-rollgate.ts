import type { AuditEvent, JsonObject, JsonValue } from './event.ts';
import { isObject, objectOf, textOf } from './formats/format.ts';
import { stableUuid } from './stable-id.ts';

/** Things whose change is a change of their flag's state: rollout and targeting. */
const stateTypes = new Set(['flag_state', 'rule', 'rollout', 'distribution', 'variant', 'strategy']);

/** Rollgate's envelope (rollgate.io/docs/webhooks); its UUIDs are made from names, always the same ones. */
export function rollgatePayload(event: AuditEvent): JsonObject {
  const payload = objectOf(event.payload);
  const actor = objectOf(event.metadata['actor']);
  const environment = textOf(payload['namespace_key']);
  const key = textOf(payload['flag_key']) || textOf(payload['key']) || textOf(payload['id']);
  const body: JsonObject = {
    event: eventName(event),
    timestamp: event.timestamp,
    flag: { id: stableUuid(`flag ${event.source} ${environment} ${key}`), key, ...named(payload, key) },
  };
  if (environment !== '') {
    body['environment'] = { id: stableUuid(`environment ${event.source} ${environment}`), name: environment };
  }
  const who = textOf(actor['email']) || textOf(actor['name']);
  if (who !== '') body['triggered_by'] = { id: stableUuid(`actor ${event.source} ${who}`), email: who };
  return body;
}

/** A flag's own name and switch; of a rule or a variant they would be something else. */
function named(payload: JsonObject, key: string): JsonObject {
  if (payload['flag_key'] !== undefined) return { name: key };
  const fields: JsonObject = { name: textOf(payload['name']) || key };
  if (typeof payload['enabled'] === 'boolean') fields['enabled'] = payload['enabled'];
  if (typeof payload['description'] === 'string') fields['description'] = payload['description'];
  return fields;
}

function eventName({ type, action, payload, previous, status }: AuditEvent): string {
  // What was denied has not happened.
  if (status !== 'success') return `${type}.${action}.${status}`;
  if (stateTypes.has(type)) return 'flag_state.updated';
  if (type !== 'flag') return `${type}.${action}`;
  if (action === 'enabled' || action === 'disabled' || action === 'toggled') return 'flag.toggled';
  if (action === 'updated' && switched(previous, payload)) return 'flag.toggled';
  return `flag.${action}`;
}

function switched(before: JsonValue | undefined, after: JsonValue): boolean {
  if (!isObject(before) || !isObject(after)) return false;
  const { enabled: was } = before;
  const { enabled: is } = after;
  return typeof was === 'boolean' && typeof is === 'boolean' && was !== is;
}
