import type { JsonObject, JsonValue } from '../../core/event.ts';

const alice: JsonObject = {
  authentication: 'oidc',
  ip: '10.1.2.3',
  email: 'alice@example.com',
  name: 'Alice',
};
const dev: JsonObject = {
  authentication: 'github',
  ip: '10.1.2.7',
  email: 'dev@example.com',
  name: 'Dev One',
};
const token: JsonObject = { authentication: 'token', ip: '10.1.2.9' };

const production = { namespace_key: 'production' };
const flag: JsonObject = {
  description: '',
  enabled: false,
  key: 'new-checkout',
  name: 'New checkout',
  ...production,
};
const rollout: JsonObject = {
  description: 'Half of all shoppers',
  flag_key: 'new-checkout',
  id: '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed',
  rank: 1,
  ...production,
};

/** A day with a feature flag, as Flipt's audit log tells it. */
const story: ReadonlyArray<readonly [kind: string, actor: JsonObject, payload: JsonValue, status?: string]> =
  [
    ['flag created', alice, flag],
    [
      'segment created',
      dev,
      {
        constraints: [],
        description: 'People who like "new" things',
        key: 'beta',
        match_type: 'ALL_MATCH_TYPE',
        name: 'Beta users',
        namespace_key: 'default',
      },
    ],
    ['flag updated', alice, { ...flag, description: 'Checkout <v2> & friends', enabled: true }],
    ['rollout created', dev, { ...rollout, threshold: { percentage: 50, value: true } }],
    ['flag deleted', dev, null, 'denied'],
    [
      'variant created',
      token,
      {
        attachment: '{"color":"#00f"}',
        description: '',
        flag_key: 'new-checkout',
        id: '9c858901-8a57-4791-81fe-4c455b099bc9',
        key: 'blue',
        name: 'Blue',
        ...production,
      },
    ],
    ['flag updated', alice, { ...flag, description: 'Checkout <v2> & friends', enabled: false }],
    ['namespace created', alice, { description: '', key: 'staging', name: 'Staging', protected: false }],
    [
      'token created',
      alice,
      { 'io.flipt.auth.token.description': 'CI pipeline', 'io.flipt.auth.token.name': 'ci-token' },
    ],
    ['flag deleted', alice, { key: 'new-checkout', ...production }],
  ];

/**
 * The n-th audit line, as Flipt writes it to stdout in its console encoding: fields in the order of its log sink,
 * a space after each colon and comma at the top level only.
 */
export function auditLine(n: number, at: Date): string {
  const [kind, actor, payload, status = 'success'] = story[n % story.length] as (typeof story)[number];
  const [type, action] = kind.split(' ');
  const time = `${at.toISOString().slice(0, 19)}Z`;
  const fields = { version: '0.2', type, action, status, metadata: { actor }, payload, timestamp: time };
  const members = Object.entries(fields).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`);
  return `${time}\tAUDIT\t{${members.join(', ')}}\n`;
}

/** A line of Flipt's own log, as it stands between the audit lines. */
export function logLine(at: Date): string {
  const time = `${at.toISOString().slice(0, 19)}Z`;
  return `${time}\tINFO\tfinished unary call with code OK\t{"grpc.method": "UpdateFlag", "grpc.code": "OK"}\n`;
}
