import { present, type Format } from './format.ts';

/**
 * The ping of Flipper Cloud: something in an environment changed, and the receiver should fetch it
 * (flippercloud.io documentation, "Webhooks"). It names no flag, so there is no payload. What a test request
 * holds is not documented, so any of the ids will do.
 */
export const flipper: Format = {
  name: 'flipper',

  recognises(raw) {
    return (
      typeof raw['delivery_id'] === 'string' &&
      raw['action'] === 'sync' &&
      raw['environment_id'] !== undefined
    );
  },

  normalise(raw, source, id) {
    const { action, environment_id, webhook_id, delivery_id } = raw;
    if (typeof action !== 'string' || action === '') return undefined;
    if (environment_id === undefined && webhook_id === undefined && delivery_id === undefined)
      return undefined;
    return {
      id: id(),
      source,
      version: '',
      type: 'environment',
      action,
      metadata: { actor: {}, ...present({ environment_id, webhook_id, delivery_id }) },
      payload: null,
      timestamp: '',
      status: 'success',
      raw,
    };
  },
};
