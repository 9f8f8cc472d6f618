import type { AuditEvent, JsonObject, JsonValue } from './event.ts';
import { isObject, objectOf, textOf } from './formats/format.ts';
import { stableInt } from './stable-id.ts';

/** What Flagsmith calls the records that other systems report changes of. */
const recordTypes: Record<string, string> = {
  flag: 'FEATURE',
  segment: 'SEGMENT',
  constraint: 'SEGMENT',
  namespace: 'ENVIRONMENT',
  environment: 'ENVIRONMENT',
  change_request: 'CHANGE_REQUEST',
};

/**
 * Flagsmith's envelope: `FLAG_UPDATED` or `FLAG_DELETED` for a flag whose state is known, and the audit log
 * record for everything else, rather than a state that nobody knows (Flagsmith/flagsmith `api/webhooks`).
 */
export function flagsmithPayload(event: AuditEvent): JsonObject {
  const { type, action, payload, previous } = event;
  if (type === 'flag' && isObject(payload)) {
    if (action === 'deleted')
      return flagEvent(event, 'FLAG_DELETED', null, isObject(previous) ? previous : payload);
    if (typeof payload['enabled'] === 'boolean') {
      return flagEvent(event, 'FLAG_UPDATED', payload, isObject(previous) ? previous : undefined);
    }
  }
  return auditLog(event);
}

function flagEvent(
  event: AuditEvent,
  eventType: string,
  after: JsonObject | null,
  before: JsonObject | undefined,
): JsonObject {
  const data: JsonObject = {
    changed_by: whoOf(event),
    new_state: after === null ? null : stateOf(event, after),
    timestamp: event.timestamp,
  };
  if (before !== undefined) data['previous_state'] = stateOf(event, before);
  return { data, event_type: eventType };
}

function stateOf(event: AuditEvent, state: JsonObject): JsonObject {
  const key = textOf(state['key']);
  return {
    enabled: state['enabled'] === true,
    environment: environmentOf(event, state),
    feature: {
      created_date: event.timestamp,
      default_enabled: false,
      description: textOf(state['description']),
      id: idOf(event, 'feature', key),
      initial_value: null,
      name: key,
      project: projectOf(event, state),
      type: 'STANDARD',
    },
    feature_segment: null,
    feature_state_value: scalarOf(state['value'] ?? state['default_variant']),
    identity: null,
    identity_identifier: null,
    multivariate_feature_state_values: [],
  };
}

function auditLog(event: AuditEvent): JsonObject {
  const { type, action, payload, status, timestamp } = event;
  const about = objectOf(payload);
  const actor = objectOf(event.metadata['actor']);
  const email = textOf(actor['email']);
  const name = textOf(about['key']) || textOf(about['flag_key']) || textOf(about['id']);
  const outcome = status === 'success' ? '' : ` (${status})`;
  const [first = '', ...rest] = textOf(actor['name']).split(' ');
  return {
    data: {
      author:
        email === ''
          ? null
          : { id: idOf(event, 'author', email), email, first_name: first, last_name: rest.join(' ') },
      created_date: timestamp,
      environment: textOf(about['namespace_key']) === '' ? null : environmentOf(event, about),
      log: `${type} ${action}${outcome}${name === '' ? '' : `: ${name}`}`,
      project: projectOf(event, about),
      related_object_id: idOf(event, type, name),
      related_object_type: Object.hasOwn(recordTypes, type) ? (recordTypes[type] ?? '') : 'FEATURE_STATE',
    },
    event_type: 'AUDIT_LOG_CREATED',
  };
}

function environmentOf(event: AuditEvent, state: JsonObject): JsonObject {
  const name = textOf(state['namespace_key']);
  return { id: idOf(event, 'environment', name), name };
}

function projectOf(event: AuditEvent, state: JsonObject): JsonObject {
  const name = textOf(state['project']) || event.source;
  return { id: idOf(event, 'project', name), name };
}

/** Flagsmith's ids are numbers; ours are made from names and always the same. */
function idOf(event: AuditEvent, kind: string, name: string): number {
  return stableInt(`${kind} ${event.source} ${name}`);
}

function whoOf(event: AuditEvent): string {
  const actor = objectOf(event.metadata['actor']);
  return textOf(actor['email']) || textOf(actor['name']);
}

function scalarOf(value: JsonValue | undefined): JsonValue {
  return value === undefined || typeof value === 'object' ? null : value;
}
