/** The log and webhook formats a source can speak; `json` is any JSON object. */
export const formatNames = ['flipt', 'flagsmith', 'rollgate', 'flipper', 'unleash', 'json'] as const;
export type FormatName = (typeof formatNames)[number];

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };

/** One difference between `previous` and `payload`; `path` is dotted, as a template would write it. */
export interface Change {
  path: string;
  before: JsonValue;
  after: JsonValue;
}

/**
 * One audit event in its normal form: what filters match and what templates see.
 * Every field is present whatever the sender left out, so a template can rely on the shape.
 */
export interface AuditEvent {
  /** Deterministic (source identity, position, bytes); stable over restarts and retries. */
  id: string;
  /** Name of the source it came from. */
  source: string;
  version: string;
  /** What was touched, in Flipt's words: flag, segment, rule, … */
  type: string;
  /** created, updated, deleted, or the sender's own verb. */
  action: string;
  metadata: JsonObject;
  /** State of the thing after the action; `null` for denied events and pings. */
  payload: JsonValue;
  /** As the sender wrote it, usually RFC 3339. */
  timestamp: string;
  status: string;
  /** The original as parsed JSON, whatever the format. */
  raw: JsonObject;
  /** Last known payload of the same thing before this event, where it is known. */
  previous?: JsonValue;
  changes?: Change[];
}

/** An event as a source hands it over: its normal form and the text it came in. */
export interface IncomingEvent {
  event: AuditEvent;
  format: FormatName;
  /** The original text (one JSON document, decoded from valid UTF-8), kept byte for byte. */
  text: string;
}

/** An accepted event: in the journal, with its place in the order of all events. */
export interface JournaledEvent extends IncomingEvent {
  /** Place in the journal: strictly growing, never reused, with gaps allowed. */
  seq: number;
  /** Wall time of acceptance, ms since the epoch. */
  acceptedAt: number;
}
