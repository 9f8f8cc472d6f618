import type { JsonObject } from '../event.ts';
import { nameOf, present, textOf } from './format.ts';

/** Whether an object is an audit log record, as the documents print it without its envelope. */
export function isAuditLog(raw: JsonObject): boolean {
  return typeof raw['log'] === 'string' && 'related_object_type' in raw && 'created_date' in raw;
}

/** What Flagsmith's record types are called elsewhere; the rest keep their own name in lower case. */
const typeWords: Record<string, string> = { FEATURE: 'flag', FEATURE_STATE: 'flag', EF_VERSION: 'flag' };

/** The verb of the sentence in `log` (Flagsmith/flagsmith `api/audit/constants.py`), the first that fits. */
const verbs: ReadonlyArray<readonly [pattern: RegExp, action: string]> = [
  [/\bpublished\b/i, 'published'],
  [/\bwent live\b/i, 'updated'],
  [/\bapproved\b/i, 'approved'],
  [/\bcommitted\b/i, 'committed'],
  [/\b(?:deleted|removed)\b/i, 'deleted'],
  [/\b(?:created|added)\b/i, 'created'],
  [/\b(?:updated|changed|edited)\b/i, 'updated'],
];

/** Type and action of an audit log record: from the record's type, and from the sentence it is told in. */
export function auditLogWords(data: JsonObject): { type: string; action: string } {
  const recordType = textOf(data['related_object_type']);
  const type =
    (Object.hasOwn(typeWords, recordType) ? typeWords[recordType] : undefined) ?? recordType.toLowerCase();
  // An override that was created or deleted is an update of its flag.
  if (recordType === 'FEATURE_STATE') return { type, action: 'updated' };
  const sentence = verbPart(textOf(data['log']), recordType);
  const action = verbs.find(([pattern]) => pattern.test(sentence))?.[1] ?? 'updated';
  return { type: type || 'audit_log', action };
}

/** The sentence without the name in it, since a flag may be called "created". */
function verbPart(log: string, recordType: string): string {
  const colon = log.indexOf(': ');
  if (colon < 0) return log;
  // "Change Request: <title> approved" has its verb behind the name.
  return recordType === 'CHANGE_REQUEST' ? log.slice(log.lastIndexOf(' ') + 1) : log.slice(0, colon);
}

const quotedName = /\bfor feature '([^']+)'/;
const plainName = /^[^:]+: (.+?)(?: by Change Request: .*)?$/;

/** What the record tells of the thing it is about; the name only stands in the sentence. */
export function auditLogPayload(data: JsonObject): JsonObject {
  const log = textOf(data['log']);
  const sentence = data['related_object_type'] === 'CHANGE_REQUEST' ? log.replace(/ \w+$/, '') : log;
  const name = (quotedName.exec(sentence) ?? plainName.exec(sentence))?.[1] ?? '';
  return present({
    key: name,
    name,
    namespace_key: nameOf(data['environment']),
    project: nameOf(data['project']),
    log,
    related_object_id: data['related_object_id'] ?? undefined,
    related_object_uuid: data['related_object_uuid'] ?? undefined,
    related_object_type: textOf(data['related_object_type']),
  });
}
