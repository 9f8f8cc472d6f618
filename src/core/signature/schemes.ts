import type { SignatureName, SignatureSetting } from '../policy.ts';
import { flagsmith } from './flagsmith.ts';
import { flipper } from './flipper.ts';
import { flipt } from './flipt.ts';
import { rollgate } from './rollgate.ts';
import type { SignatureScheme } from './scheme.ts';
import { standardWebhooks } from './standard-webhooks.ts';
import { templateScheme } from './template.ts';

/** A new scheme is one file and one line here. */
const schemes: Record<SignatureName, SignatureScheme> = {
  flipt,
  flipper,
  rollgate,
  flagsmith,
  'standard-webhooks': standardWebhooks,
};

/** The scheme of a setting. Throws AuditsinkError('config') for a template that cannot sign. */
export function signatureScheme(setting: SignatureSetting): SignatureScheme {
  return setting.scheme === 'template' ? templateScheme(setting) : schemes[setting.scheme];
}
