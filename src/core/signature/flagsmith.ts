import { bodyHmacScheme } from './body-hmac.ts';

/** Flagsmith: bare hexadecimal HMAC of the body (docs.flagsmith.com, "Web Hooks"). */
export const flagsmith = bodyHmacScheme({ name: 'flagsmith', header: 'X-Flagsmith-Signature', prefix: '' });
