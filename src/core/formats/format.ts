import type { AuditEvent, FormatName, JsonObject, JsonValue } from '../event.ts';

/** How one system writes an event, and how that becomes the normal form. A new format is one of these. */
export interface Format {
  readonly name: FormatName;
  /** Whether an object has this system's shape; used by `auto` only, so it must not be generous. */
  recognises(raw: JsonObject): boolean;
  /** The normal form, or undefined when `raw` is no event of this format. `id` is called for events only. */
  normalise(raw: JsonObject, source: string, id: () => string): AuditEvent | undefined;
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object; an empty one when it is anything else. */
export function objectOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}

/** A string or number as a string; '' for anything else. */
export function textOf(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
}

/** `name` of an `{ id, name }` object, or the bare id where a sender gives only that; '' when there is none. */
export function nameOf(value: JsonValue | undefined): string {
  if (!isObject(value)) return textOf(value);
  return textOf(value['name']) || textOf(value['id']);
}

/** An actor from what people write into a "by" field: an e-mail address, a name, or an object with either. */
export function actorOf(value: JsonValue | undefined): JsonObject {
  if (typeof value === 'string') {
    if (value === '') return {};
    return value.includes('@') ? { email: value } : { name: value };
  }
  if (!isObject(value)) return {};
  const actor: JsonObject = {};
  const name =
    textOf(value['name']) || [textOf(value['first_name']), textOf(value['last_name'])].join(' ').trim();
  if (typeof value['email'] === 'string' && value['email'] !== '') actor['email'] = value['email'];
  if (name !== '') actor['name'] = name;
  if (value['id'] !== undefined && value['id'] !== null) actor['id'] = value['id'];
  return actor;
}

/** Drops the fields a sender left out, so that a template's `{{#if}}` and the diff see only what is there. */
export function present(fields: Record<string, JsonValue | undefined>): JsonObject {
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(fields))
    if (value !== undefined && value !== '') kept[key] = value;
  return kept;
}
