import type { AuditEvent, IncomingEvent } from '../../src/core/event.ts';
import { createDecoder } from '../../src/core/formats/decoder.ts';

/** The line Flipt's log sink writes for an update of a flag. */
export function fliptLine(key: string, payload: Record<string, unknown> = {}): string {
  return JSON.stringify({
    version: '0.2',
    type: 'flag',
    action: 'updated',
    metadata: { actor: { authentication: 'none', ip: '172.18.0.1' } },
    payload: { description: '', enabled: true, key, name: key, namespace_key: 'default', ...payload },
    timestamp: '2026-01-15T09:30:00Z',
    status: 'success',
  });
}

/** An event as a source hands it over; its id is `id-<key>` unless given. */
export function incoming(
  key: string,
  payload: Record<string, unknown> = {},
  id = `id-${key}`,
): IncomingEvent {
  const decoded = createDecoder('flipt', 'flipt')(fliptLine(key, payload), () => id);
  if (decoded.kind !== 'event') throw new Error('the sample line is no event');
  return decoded.incoming;
}

export function sampleEvent(key = 'new-checkout'): AuditEvent {
  return incoming(key).event;
}
