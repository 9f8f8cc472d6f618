import { bodyHmacScheme } from './body-hmac.ts';

/** Rollgate: `sha256=` and the hexadecimal HMAC of the body (rollgate.io/docs/webhooks). */
export const rollgate = bodyHmacScheme({
  name: 'rollgate',
  header: 'X-Rollgate-Signature',
  prefix: 'sha256=',
});
