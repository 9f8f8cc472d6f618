import { randomBytes } from 'node:crypto';
import type { SignatureName } from '../../core/policy.ts';
import type { Io } from '../io.ts';

/** 256 random bits, twice what HMAC-SHA256 can use up in an attack; `whsec_` is how Standard Webhooks writes them. */
// oxlint-disable-next-line require-await -- every command is asynchronous by contract
export async function secret(io: Io, options: { signature?: SignatureName }): Promise<number> {
  const bytes = randomBytes(32);
  const text =
    options.signature === 'standard-webhooks'
      ? `whsec_${bytes.toString('base64')}`
      : bytes.toString('base64url');
  io.stdout.write(`${text}\n`);
  return 0;
}
