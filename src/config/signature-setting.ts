import { signatureNames } from '../core/policy.ts';
import type { SignatureName } from '../core/policy.ts';
import { templateProblem } from '../core/signature/template.ts';
import { suggest } from '../core/suggest.ts';
import { isHeaderName } from './headers.ts';
import { bad, good, referencePattern, setting } from './setting.ts';

/** A signature scheme by name, or a header of the operator's own. */
export const signature = setting<SignatureName | { header: string; value: string }>(
  (value) => {
    const known = signatureNames.find((scheme) => scheme === value);
    if (known !== undefined) return good(known);
    const listed = `one of ${signatureNames.map((scheme) => `\`${scheme}\``).join(', ')}, or \`{ header: …, value: "sha256={{hmac}}" }\``;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return parseOwnSignature(value);
    const near = typeof value === 'string' ? suggest(value, signatureNames) : undefined;
    return bad(
      'bad_choice',
      'is no signature scheme',
      near === undefined ? listed : `did you mean \`${near}\`? (${listed})`,
    );
  },
  {
    kind: 'scheme',
    anyOf: [
      { enum: signatureNames },
      { type: 'string', pattern: referencePattern },
      {
        type: 'object',
        properties: { header: { type: 'string' }, value: { type: 'string' } },
        required: ['header', 'value'],
        additionalProperties: false,
      },
    ],
    description:
      'How requests are signed: a known scheme, or a header of your own in which `{{hmac}}` (hex) and `{{hmac_base64}}` stand for the HMAC-SHA256 of the body.',
    examples: ['flipt', { header: 'X-Hub-Signature-256', value: 'sha256={{hmac}}' }],
  },
);

function parseOwnSignature(value: object) {
  const { header, value: template, ...rest } = value as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  const form = 'write `{ header: X-Hub-Signature-256, value: "sha256={{hmac}}" }`';
  if (unknown !== undefined) return bad('unknown_key', `has an unknown key \`${unknown}\``, form);
  if (typeof header !== 'string' || typeof template !== 'string')
    return bad('bad_signature', 'needs `header` and `value`', form);
  if (!isHeaderName(header))
    return bad('bad_header', 'names a header with characters that no header may have', form);
  const fault = templateProblem(template);
  if (fault !== undefined) {
    // The fault may quote the value, into which a variable may have been put.
    return bad(
      'bad_signature',
      'has a `value` that cannot sign: it needs `{{hmac}}` or `{{hmac_base64}}` and nothing else in braces',
      form,
    );
  }
  return good({ header, value: template });
}
