import type { AuditEvent, JsonObject } from '../core/event.ts';
import { isObject } from '../core/formats/format.ts';
import { printableLine } from './printable.ts';

/** Type, action and key of an event on one line: `flag updated new-checkout`. */
export function eventTitle(event: AuditEvent): string {
  const { type, action, status } = event;
  const words = [type, action, eventKey(event), status === 'denied' ? '(denied)' : ''];
  return printableLine(words.filter((word) => word !== '').join(' '));
}

/** The name of what was touched; '' where the event gives none. */
export function eventKey({ payload }: AuditEvent): string {
  return isObject(payload) ? firstText(payload, ['key', 'io.flipt.auth.token.name', 'flag_key', 'id']) : '';
}

/** Who did it, as far as the event says. */
export function eventActor({ metadata }: AuditEvent): string {
  const actor = metadata['actor'];
  return isObject(actor) ? firstText(actor, ['name', 'email', 'authentication']) : '';
}

/** The first of these fields that holds text; '' when none does. */
function firstText(object: JsonObject, names: readonly string[]): string {
  for (const name of names) {
    const value = object[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return '';
}
