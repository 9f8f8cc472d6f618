import { bodyHmacScheme } from './body-hmac.ts';

/** Flipt v1: bare hexadecimal HMAC of the body (flipt-io/flipt `internal/server/audit/webhook/client.go`). */
export const flipt = bodyHmacScheme({ name: 'flipt', header: 'X-Flipt-Webhook-Signature', prefix: '' });
