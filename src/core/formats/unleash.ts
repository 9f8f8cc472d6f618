import type { JsonObject, JsonValue } from '../event.ts';
import { actorOf, present, textOf, type Format } from './format.ts';

/** Unleash's own words for what other systems call a verb on a noun. */
const featureEvents: Record<string, readonly [type: string, action: string]> = {
  'feature-environment-enabled': ['flag', 'enabled'],
  'feature-environment-disabled': ['flag', 'disabled'],
  'feature-metadata-updated': ['flag', 'updated'],
  'feature-project-change': ['flag', 'moved'],
  'feature-strategy-add': ['strategy', 'created'],
  'feature-strategy-update': ['strategy', 'updated'],
  'feature-strategy-remove': ['strategy', 'deleted'],
  'feature-variants-updated': ['variant', 'updated'],
  'feature-environment-variants-updated': ['variant', 'updated'],
};

/** Nouns whose name has a dash in it, the longest first; of any other type the noun ends at the first dash. */
const compoundNouns = [
  'release-plan-progressions',
  'user-access-request',
  'service-account',
  'change-request',
  'context-field',
  'addon-config',
  'api-token',
];

/** Unleash's stored event, the default body of its webhooks (docs.getunleash.io, "Webhook"). */
export const unleash: Format = {
  name: 'unleash',

  recognises(raw) {
    return (
      typeof raw['type'] === 'string' &&
      typeof raw['createdAt'] === 'string' &&
      typeof raw['id'] === 'number' &&
      ('createdBy' in raw || 'createdByUserId' in raw)
    );
  },

  normalise(raw, source, id) {
    if (typeof raw['type'] !== 'string' || raw['type'] === '') return undefined;
    if (typeof raw['createdAt'] !== 'string') return undefined;
    const [type, action] = typeAndAction(raw['type']);
    const preData = raw['preData'] ?? null;
    const actor = actorOf(raw['createdBy']);
    if (typeof raw['createdByUserId'] === 'number') actor['id'] = raw['createdByUserId'];
    return {
      id: id(),
      source,
      version: '',
      type,
      action,
      metadata: { actor },
      payload: stateOf(raw, raw['data'] ?? null, action),
      timestamp: raw['createdAt'],
      status: 'success',
      raw,
      ...(preData === null ? {} : { previous: stateOf(raw, preData, '') }),
    };
  },
};

function typeAndAction(event: string): readonly [type: string, action: string] {
  if (Object.hasOwn(featureEvents, event)) return featureEvents[event] ?? ['flag', event];
  if (event.startsWith('feature-')) return ['flag', event.slice('feature-'.length)];
  const compound = compoundNouns.find((noun) => event.startsWith(`${noun}-`));
  const split = compound === undefined ? event.indexOf('-') : compound.length;
  if (split <= 0 || split === event.length - 1) return [event, 'received'];
  return [event.slice(0, split).replaceAll('-', '_'), event.slice(split + 1)];
}

/** `data` keeps its own key: a strategy has a `name` too, which is not the flag's. */
function stateOf(raw: JsonObject, data: JsonValue, action: string): JsonObject {
  const { featureName, environment, project } = raw;
  return present({
    key: textOf(featureName),
    name: textOf(featureName),
    enabled: action === 'enabled' ? true : action === 'disabled' ? false : undefined,
    namespace_key: textOf(environment),
    project: textOf(project),
    data: data ?? undefined,
  });
}
