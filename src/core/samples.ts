import { redecode } from './formats/decoder.ts';
import type { AuditEvent, FormatName, JsonObject, JsonValue } from './event.ts';
import { foreignSamples } from './samples-foreign.ts';

export interface Sample {
  name: string;
  format: FormatName;
  /** One JSON document, as the sender writes it. */
  text: string;
}

const nobody: JsonObject = { authentication: 'none', ip: '172.18.0.1' };
const ciToken: JsonObject = { authentication: 'token', ip: '10.1.2.3' };
const alice: JsonObject = {
  authentication: 'oidc',
  ip: '10.1.2.3',
  email: 'alice@example.com',
  name: 'Alice',
  picture: 'https://lh3.googleusercontent.com/a/x',
};

const constraintId = '8f1c2f5e-6f0a-4f7c-9a3e-0d1c2b3a4f5e';
const ruleId = '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed';
const variantId = '9c858901-8a57-4791-81fe-4c455b099bc9';
const namespace_key = 'default';
const flag_key = 'new-checkout';

const flag: JsonObject = {
  description: '',
  enabled: false,
  key: flag_key,
  name: 'New checkout',
  namespace_key,
};
const variant: JsonObject = {
  attachment: '{"color":"#00f"}',
  description: '',
  flag_key,
  id: variantId,
  key: 'blue',
  name: 'Blue',
  namespace_key,
};
const constraint: JsonObject = {
  id: constraintId,
  namespace_key,
  operator: 'eq',
  property: 'plan',
  segment_key: 'beta',
  type: 'STRING_COMPARISON_TYPE',
  value: 'beta',
};
const segment: JsonObject = {
  constraints: [],
  description: '',
  key: 'beta',
  match_type: 'ALL_MATCH_TYPE',
  name: 'Beta users',
  namespace_key,
};
const rule: JsonObject = {
  distributions: [],
  flag_key,
  id: ruleId,
  namespace_key,
  rank: 1,
  segment_key: 'beta,internal',
  segment_operator: 'AND_SEGMENT_OPERATOR',
};
const distribution: JsonObject = { id: constraintId, rollout: 33.33, rule_id: ruleId, variant_id: variantId };
const rollout: JsonObject = { description: '', flag_key, id: ruleId, namespace_key, rank: 1 };
const token: JsonObject = {
  'io.flipt.auth.token.description': 'CI pipeline',
  'io.flipt.auth.token.name': 'ci-token',
  'io.flipt.auth.token.namespace': 'default',
};

/** Every payload Flipt writes (`internal/server/audit/types.go`): name of the sample, actor, payload. */
const fliptSamples: ReadonlyArray<
  readonly [name: string, actor: JsonObject, payload: JsonValue, status?: string]
> = [
  ['flag.created', nobody, flag],
  [
    'flag.updated',
    alice,
    {
      default_variant: 'blue',
      ...flag,
      description: 'Checkout v2',
      enabled: true,
      namespace_key: 'production',
    },
  ],
  ['flag.deleted', ciToken, { key: flag_key, namespace_key }],
  ['flag.created.denied', alice, null, 'denied'],
  ['flag.deleted.denied', ciToken, null, 'denied'],
  ['variant.created', nobody, variant],
  ['variant.updated', alice, { ...variant, attachment: '{"color":"#00c","size":2}', name: 'Dark blue' }],
  ['variant.deleted', nobody, { flag_key, id: variantId, namespace_key }],
  ['segment.created', nobody, segment],
  ['segment.updated', alice, { ...segment, constraints: [constraint] }],
  ['segment.deleted', nobody, { key: 'beta', namespace_key }],
  ['constraint.created', nobody, constraint],
  ['constraint.updated', alice, { ...constraint, operator: 'neq', value: 'free' }],
  ['constraint.deleted', nobody, { id: constraintId, namespace_key, segment_key: 'beta' }],
  ['rule.created', nobody, rule],
  ['rule.updated', alice, { ...rule, rank: 2 }],
  ['rule.updated.order', nobody, { flag_key, namespace_key, rule_ids: [ruleId, constraintId] }],
  ['rule.deleted', ciToken, rule],
  ['distribution.created', nobody, distribution],
  ['distribution.updated', alice, { ...distribution, rollout: 66.67 }],
  [
    'distribution.deleted',
    nobody,
    { flag_key, id: constraintId, namespace_key, rule_id: ruleId, variant_id: variantId },
  ],
  ['rollout.created', nobody, { ...rollout, threshold: { percentage: 25, value: true } }],
  [
    'rollout.updated',
    alice,
    { ...rollout, rank: 2, segment: { key: 'beta', operator: 'OR_SEGMENT_OPERATOR', value: true } },
  ],
  ['rollout.updated.order', nobody, { flag_key, namespace_key, rollout_ids: [ruleId, constraintId] }],
  ['rollout.deleted', ciToken, { flag_key, id: ruleId, namespace_key }],
  ['namespace.created', nobody, { description: '', key: 'production', name: 'Production', protected: false }],
  [
    'namespace.updated',
    alice,
    { description: 'Live', key: 'production', name: 'Production', protected: true },
  ],
  ['namespace.deleted', nobody, { key: 'production' }],
  ['token.created', alice, token],
  ['token.deleted', alice, token],
];

function fliptText(name: string, actor: JsonObject, payload: JsonValue, status = 'success'): string {
  const [type, action] = name.split('.');
  const timestamp = '2026-01-15T09:30:00Z';
  return JSON.stringify({ version: '0.2', type, action, metadata: { actor }, payload, timestamp, status });
}

/** One of every event there is, as it is sent: for `check`, `render`, `test`, templates and tests. */
export const sampleTexts: readonly Sample[] = [
  ...fliptSamples.map(([name, actor, payload, status]): Sample => ({
    name: `flipt.${name}`,
    format: 'flipt',
    text: fliptText(name, actor, payload, status),
  })),
  {
    // Captured from Flipt 1.27, flipt-io/flipt examples/audit/webhook/README.md.
    name: 'flipt.flag.created.v0.1',
    format: 'flipt',
    text: '{"version":"0.1","type":"flag","action":"created","metadata":{"actor":{"authentication":"none","ip":"172.18.0.1"}},"payload":{"description":"","enabled":false,"key":"asdf","name":"asdf","namespace_key":"default"},"timestamp":"2023-09-13T17:41:53Z"}',
  },
  ...foreignSamples,
];

/** The samples in their normal form; the id of each is its name. */
export function sampleEvents(source = 'sample'): AuditEvent[] {
  return sampleTexts.map(({ name, format, text }) => redecode(source, name, format, text));
}
