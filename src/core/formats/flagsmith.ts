import type { JsonObject, JsonValue } from '../event.ts';
import { auditLogPayload, auditLogWords, isAuditLog } from './flagsmith-audit-log.ts';
import { actorOf, isObject, nameOf, objectOf, present, textOf, type Format } from './format.ts';

const eventTypes = new Set(['FLAG_UPDATED', 'FLAG_DELETED', 'NEW_VERSION_PUBLISHED', 'AUDIT_LOG_CREATED']);

/** What an event of Flagsmith says, without the parts that are the same for all. */
export interface FlagsmithReading {
  type: string;
  action: string;
  actor: JsonObject;
  payload: JsonObject;
  timestamp: string;
  previous?: JsonObject;
}

/**
 * Flagsmith's environment and organisation webhooks and its identity integration (Flagsmith/flagsmith
 * `api/webhooks`, `api/audit`, `api/integrations/webhook`). The documents and the code differ: environments
 * and projects come as a number or as an object, audit log records with and without the envelope.
 */
export const flagsmith: Format = {
  name: 'flagsmith',

  recognises(raw) {
    if (typeof raw['event_type'] === 'string')
      return eventTypes.has(raw['event_type']) && isObject(raw['data']);
    return isAuditLog(raw) || isIdentity(raw);
  },

  normalise(raw, source, id) {
    const reading = read(raw);
    if (reading === undefined) return undefined;
    const { type, action, actor, payload, timestamp, previous } = reading;
    return {
      id: id(),
      source,
      version: '',
      type,
      action,
      metadata: { actor },
      payload,
      timestamp,
      status: 'success',
      raw,
      ...(previous === undefined ? {} : { previous }),
    };
  },
};

function read(raw: JsonObject): FlagsmithReading | undefined {
  const eventType = raw['event_type'];
  if (eventType === undefined) {
    if (isAuditLog(raw)) return readAuditLog(raw);
    return isIdentity(raw) ? readIdentity(raw) : undefined;
  }
  const { data } = raw;
  if (typeof eventType !== 'string' || eventType === '' || !isObject(data)) return undefined;
  if (eventType === 'AUDIT_LOG_CREATED') return readAuditLog(data);
  if (eventType === 'NEW_VERSION_PUBLISHED') return readVersion(data);
  return readState(eventType, data);
}

/** FLAG_UPDATED, FLAG_DELETED, and whatever `NOUN_VERB` comes next with the same data. */
function readState(eventType: string, data: JsonObject): FlagsmithReading {
  const before = isObject(data['previous_state']) ? stateOf(data['previous_state']) : undefined;
  const after = isObject(data['new_state']) ? stateOf(data['new_state']) : undefined;
  const [noun, verb] = nounAndVerb(eventType);
  // Without a previous state an environment's own value is the first one; an override's first is a change.
  const first = verb === 'updated' && before === undefined && after?.['segment'] === undefined;
  const action = first && after !== undefined && after['identity'] === undefined ? 'created' : verb;
  return {
    type: noun,
    action,
    actor: actorOf(data['changed_by']),
    payload: after ?? identityOf(before ?? {}),
    timestamp: textOf(data['timestamp']),
    ...(before === undefined ? {} : { previous: before }),
  };
}

function nounAndVerb(eventType: string): [noun: string, verb: string] {
  const words = eventType.toLowerCase();
  const split = words.lastIndexOf('_');
  return split <= 0 ? [words, 'received'] : [words.slice(0, split), words.slice(split + 1)];
}

/** A feature state in the words of the normal form. */
function stateOf(state: JsonObject): JsonObject {
  const feature = objectOf(state['feature']);
  const segment = objectOf(objectOf(state['feature_segment'])['segment']);
  const variants = state['multivariate_feature_state_values'];
  const known = present({
    key: nameOf(feature),
    name: nameOf(feature),
    description: textOf(feature['description']),
    enabled: state['enabled'],
    namespace_key: nameOf(state['environment']),
    project: nameOf(feature['project']),
    segment: nameOf(segment),
    identity: textOf(state['identity_identifier']) || textOf(state['identity']),
    variants: Array.isArray(variants) && variants.length > 0 ? variants : undefined,
  });
  // An empty text is a value like any other.
  if (state['feature_state_value'] !== undefined) known['value'] = state['feature_state_value'];
  return known;
}

/** What a deleted flag is still known by, as in Flipt's delete events. */
function identityOf(state: JsonObject): JsonObject {
  const { key, name, namespace_key, project, segment, identity } = state;
  return present({ key, name, namespace_key, project, segment, identity });
}

function readVersion(data: JsonObject): FlagsmithReading {
  const name = nameOf(data['feature']);
  return {
    type: 'flag',
    action: 'published',
    actor: actorOf(data['published_by']),
    payload: present({
      key: name,
      name,
      version: textOf(data['uuid']),
      feature_states: data['feature_states'],
    }),
    timestamp: '',
  };
}

function readAuditLog(data: JsonObject): FlagsmithReading {
  const { type, action } = auditLogWords(data);
  return {
    type,
    action,
    actor: actorOf(data['author']),
    payload: auditLogPayload(data),
    timestamp: textOf(data['created_date']),
  };
}

function isIdentity(raw: JsonObject): boolean {
  return typeof raw['identity'] === 'string' && Array.isArray(raw['flags']) && Array.isArray(raw['traits']);
}

function readIdentity(raw: JsonObject): FlagsmithReading {
  const identity: JsonValue = textOf(raw['identity']);
  const { flags, segments, traits } = raw;
  return {
    type: 'identity',
    action: 'updated',
    actor: {},
    payload: present({ key: identity, name: identity, flags, segments, traits }),
    timestamp: '',
  };
}
