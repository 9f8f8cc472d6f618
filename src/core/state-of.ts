import type { AuditEvent } from './event.ts';
import type { StateOf } from './journal.ts';

/**
 * What an event is about, for remembering its payload until the next one: type, namespace, and id or key.
 * Denied events, orders of rules and pings change nothing that could be compared.
 */
export const stateOf: StateOf = (event) => {
  const { payload } = event;
  if (
    event.status === 'denied' ||
    payload === null ||
    typeof payload !== 'object' ||
    Array.isArray(payload)
  ) {
    return undefined;
  }
  const key = payload['id'] ?? payload['key'] ?? payload['io.flipt.auth.token.name'];
  if (typeof key !== 'string' && typeof key !== 'number') return undefined;
  const thing = [event.source, event.type, namespaceOf(event, payload['namespace_key']), key].join('\n');
  return { thing, payload: event.action === 'deleted' ? null : payload };
};

/** Flipt's distributions carry their namespace only when they are deleted; their id is unique without it. */
function namespaceOf(event: AuditEvent, namespace: unknown): string {
  return event.type === 'distribution' || typeof namespace !== 'string' ? '' : namespace;
}
