import { AuditsinkError, messageOf } from '../core/errors.ts';
import type { SignatureName, SignatureSetting } from '../core/policy.ts';
import { signatureScheme } from '../core/signature/schemes.ts';

/**
 * `--signature` and `--secret` as a setting; null when neither is given. Throws AuditsinkError('usage') when one
 * is missing or a secret does not fit the scheme.
 */
export function signatureOption(options: {
  signature?: SignatureName;
  secret?: readonly string[];
}): SignatureSetting | null {
  const { signature, secret: secrets } = options;
  if (signature === undefined && secrets === undefined) return null;
  if (signature === undefined) throw new AuditsinkError('usage', '--secret needs --signature as well');
  if (secrets === undefined) throw new AuditsinkError('usage', '--signature needs --secret as well');
  const setting: SignatureSetting = { scheme: signature, secrets };
  try {
    // A scheme refuses a secret it cannot use; a public key can verify and not sign, which is enough here.
    if (!secrets.every((secret) => secret.startsWith('whpk_'))) signatureScheme(setting).prepare(secrets);
    return setting;
  } catch (error) {
    throw new AuditsinkError('usage', messageOf(error), { cause: error });
  }
}
