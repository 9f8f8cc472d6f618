import { AuditsinkError } from '../core/errors.ts';
import { formatNames } from '../core/event.ts';
import { presetNames, signatureNames } from '../core/policy.ts';
import type { SignatureName } from '../core/policy.ts';
import { presets } from '../core/presets.ts';
import { signatureScheme } from '../core/signature/schemes.ts';
import type { Checked } from './checked.ts';
import type { Path } from './pointer.ts';

/** Schemes whose header carries one signature, so that only the newest secret signs. */
const carriesOne: ReadonlySet<string> = new Set(['flipt', 'rollgate', 'flagsmith', 'template']);

/** A sink's `signature` and `signing_secret`: both or neither, and secrets that the scheme can use. */
export function checkSigning(config: Checked, sink: Path): void {
  const secretAt = [...sink, 'signing_secret'];
  const presetName = presetNames.find((name) => name === config.text([...sink, 'preset']));
  const written = config.tree.at(secretAt);
  // A list whose only variables have empty defaults is as good as none.
  const isLeftOut = Array.isArray(written) && written.length > 0 && written.every((one) => one === undefined);
  if (isLeftOut || written === undefined) {
    if (config.isGiven([...sink, 'signature'])) {
      config.add([...sink, 'signature'], {
        code: 'secret_missing',
        message: '`signature` without a `signing_secret` signs nothing',
        hint: 'add `signing_secret: ${env:SIGNING_SECRET}`; `auditsink secret` makes a strong one',
      });
    } else if (presetName === 'flipper' || presetName === 'standard-webhooks') {
      config.add([...sink, 'preset'], {
        severity: 'warning',
        code: 'unsigned',
        message: `receivers of \`${presetName}\` refuse requests without a signature`,
        hint: 'add `signing_secret: ${env:SIGNING_SECRET}`',
      });
    }
    return;
  }
  const secrets = config.texts(secretAt);
  if (config.isEmptyList(secretAt)) {
    config.add(secretAt, {
      code: 'empty',
      message: '`signing_secret` is an empty list',
      hint: 'leave it out to send unsigned',
    });
  }
  const scheme =
    config.keys([...sink, 'signature']).length > 0
      ? 'template'
      : (config.text([...sink, 'signature']) ??
        (presetName === undefined ? 'flipt' : presets[presetName].signature));
  if (secrets.length > 1 && carriesOne.has(scheme)) {
    config.add(secrets[1]?.path ?? secretAt, {
      severity: 'warning',
      code: 'secret_unused',
      message: `a request carries one ${scheme === 'template' ? 'such' : `\`${scheme}\``} signature: only the first secret signs`,
      hint: 'give the new secret to the receiver first, then here; `flipper` and `standard-webhooks` can carry both',
    });
  }
  const known = signatureNames.find((name) => name === scheme);
  if (known !== undefined) checkSecrets(config, known, secrets, 'sign');
}

/** How an http source checks its senders: a signature with a secret, or a bearer token. */
export function checkVerify(config: Checked, verify: Path): void {
  if (!config.isGiven(verify)) return;
  const given = (key: string): boolean => config.isGiven([...verify, key]);
  const secretAt = [...verify, 'secret'];
  if (given('bearer')) {
    for (const key of ['signature', 'secret'].filter(given)) {
      config.add(
        [...verify, key],
        {
          code: 'overlap',
          message: `\`${key}\` and \`bearer\` are two ways; only one can be used`,
          hint: 'remove one of the two',
        },
        'key',
      );
    }
    return;
  }
  if (!given('signature')) {
    const format = config.text([...verify.slice(0, -1), 'format']);
    const likely = formatNames.find(
      (name) => name === format && signatureNames.some((scheme) => scheme === name),
    );
    config.add(
      given('secret') ? secretAt : verify,
      {
        code: 'missing',
        message: '`verify` does not say how the sender signs',
        hint: `add \`signature: ${likely ?? 'flipt'}\`, or use \`bearer\` for a token`,
      },
      'key',
    );
  } else if (!given('secret')) {
    config.add([...verify, 'signature'], {
      code: 'secret_missing',
      message: '`signature` needs the sender’s `secret`',
      hint: 'add `secret: ${file:/run/secrets/…}`',
    });
  }
  const scheme = signatureNames.find((name) => name === config.text([...verify, 'signature']));
  if (scheme !== undefined) checkSecrets(config, scheme, config.texts(secretAt), 'verify');
}

/** A usable secret of Standard Webhooks, beside which a public key alone is accepted by `prepare`. */
const companion = `whsec_${'A'.repeat(32)}`;

function checkSecrets(
  config: Checked,
  scheme: SignatureName,
  secrets: ReadonlyArray<{ text: string; path: Path }>,
  use: 'sign' | 'verify',
): void {
  for (const { text, path } of secrets) {
    if (text.trim() === '') continue;
    try {
      signatureScheme({ scheme, secrets: [] }).prepare(use === 'sign' ? [text] : [text, companion]);
    } catch (error) {
      if (!(error instanceof AuditsinkError)) throw error;
      config.add(path, {
        code: 'bad_secret',
        message: `the secret cannot be used: ${error.message.replace(/^signature [\w-]+: /, '')}`,
        hint: scheme === 'standard-webhooks' ? 'it is `whsec_` and 24 to 64 bytes in base64' : undefined,
      });
    }
  }
}
