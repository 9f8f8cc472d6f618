import { actorOf, isObject, nameOf, objectOf, present, textOf, type Format } from './format.ts';

const events = new Set([
  'flag.created',
  'flag.updated',
  'flag.deleted',
  'flag.toggled',
  'flag_state.updated',
]);

/**
 * Rollgate webhooks (rollgate.io/docs/webhooks). Only `flag.toggled` is documented in full, so everything but
 * `event` is optional and other events are taken too: what its test request sends is not said.
 */
export const rollgate: Format = {
  name: 'rollgate',

  recognises(raw) {
    return typeof raw['event'] === 'string' && events.has(raw['event']) && isObject(raw['flag']);
  },

  normalise(raw, source, id) {
    const event = raw['event'];
    if (typeof event !== 'string' || event === '') return undefined;
    if (raw['flag'] !== undefined && raw['flag'] !== null && !isObject(raw['flag'])) return undefined;
    const flag = objectOf(raw['flag']);
    const [type = event, action = 'received'] = event.split(/\.(.+)/, 2);
    return {
      id: id(),
      source,
      version: '',
      type,
      action,
      metadata: { actor: actorOf(raw['triggered_by']) },
      payload: { ...flag, ...present({ namespace_key: nameOf(raw['environment']) }) },
      timestamp: textOf(raw['timestamp']),
      status: 'success',
      raw,
    };
  },
};
