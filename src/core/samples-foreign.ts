import type { Sample } from './samples.ts';

/** Samples of the other systems: worked examples of their documents and test buttons first, byte for byte. */
export const foreignSamples: readonly Sample[] = [
  {
    name: 'flagsmith.flag_updated.test_button',
    format: 'flagsmith',
    text: '{"data": {"changed_by": "user@domain.com", "new_state": {"enabled": true, "environment": {"id": 1, "name": "Development"}, "feature": {"created_date": "2021-02-10T20:03:43.348556Z", "default_enabled": false, "description": "This is a description", "id": 1, "initial_value": null, "name": "test_feature", "project": {"id": 1, "name": "Test Project"}, "type": "CONFIG"}, "feature_segment": null, "feature_state_value": "feature_state_value", "identity": 1, "identity_identifier": "test_identity", "multivariate_feature_state_values": [{"id": 1, "multivariate_feature_option": {"id": 1, "value": "variant_a"}, "percentage_allocation": 50}]}, "previous_state": {"enabled": false, "environment": {"id": 1, "name": "Development"}, "feature": {"created_date": "2021-02-10T20:03:43.348556Z", "default_enabled": false, "description": "This is a description", "id": 1, "initial_value": null, "name": "test_feature", "project": {"id": 1, "name": "Test Project"}, "type": "CONFIG"}, "feature_segment": null, "feature_state_value": "old_feature_state_value", "identity": 1, "identity_identifier": "test_identity", "multivariate_feature_state_values": [{"id": 1, "multivariate_feature_option": {"id": 1, "value": "variant_a"}, "percentage_allocation": 50}]}, "timestamp": "2021-06-18T07:50:26.595298Z"}, "event_type": "FLAG_UPDATED"}',
  },
  {
    name: 'flagsmith.flag_updated',
    format: 'flagsmith',
    text: '{"data": {"changed_by": "alice@example.com", "new_state": {"enabled": true, "environment": {"id": 2, "name": "Production"}, "feature": {"id": 7, "created_date": "2024-05-02T08:11:00.000000Z", "default_enabled": false, "description": "Checkout v2", "initial_value": null, "name": "new_checkout", "project": {"id": 1, "name": "Shop"}, "type": "STANDARD"}, "feature_segment": null, "feature_state_value": "blue", "identity": null, "identity_identifier": null, "multivariate_feature_state_values": []}, "previous_state": {"enabled": false, "environment": {"id": 2, "name": "Production"}, "feature": {"id": 7, "created_date": "2024-05-02T08:11:00.000000Z", "default_enabled": false, "description": "Checkout v2", "initial_value": null, "name": "new_checkout", "project": {"id": 1, "name": "Shop"}, "type": "STANDARD"}, "feature_segment": null, "feature_state_value": null, "identity": null, "identity_identifier": null, "multivariate_feature_state_values": []}, "timestamp": "2026-01-25T12:00:00.000000Z"}, "event_type": "FLAG_UPDATED"}',
  },
  {
    name: 'flagsmith.flag_updated.first',
    format: 'flagsmith',
    text: '{"data": {"changed_by": "ci key", "new_state": {"enabled": true, "environment": {"id": 2, "name": "Production"}, "feature": {"id": 7, "created_date": "2024-05-02T08:11:00.000000Z", "default_enabled": false, "description": "Checkout v2", "initial_value": null, "name": "new_checkout", "project": {"id": 1, "name": "Shop"}, "type": "STANDARD"}, "feature_segment": null, "feature_state_value": 5, "identity": null, "identity_identifier": null, "multivariate_feature_state_values": []}, "timestamp": ""}, "event_type": "FLAG_UPDATED"}',
  },
  {
    name: 'flagsmith.flag_updated.segment_override',
    format: 'flagsmith',
    text: '{"data": {"changed_by": "alice@example.com", "new_state": {"enabled": true, "environment": {"id": 2, "name": "Production"}, "feature": {"id": 7, "created_date": "2024-05-02T08:11:00.000000Z", "default_enabled": false, "description": "Checkout v2", "initial_value": null, "name": "new_checkout", "project": {"id": 1, "name": "Shop"}, "type": "STANDARD"}, "feature_segment": {"priority": 0, "segment": {"id": 3, "name": "beta users", "description": ""}}, "feature_state_value": null, "identity": null, "identity_identifier": null, "multivariate_feature_state_values": []}, "previous_state": {"enabled": false, "environment": {"id": 2, "name": "Production"}, "feature": {"id": 7, "created_date": "2024-05-02T08:11:00.000000Z", "default_enabled": false, "description": "Checkout v2", "initial_value": null, "name": "new_checkout", "project": {"id": 1, "name": "Shop"}, "type": "STANDARD"}, "feature_segment": {"priority": 0, "segment": {"id": 3, "name": "beta users", "description": ""}}, "feature_state_value": null, "identity": null, "identity_identifier": null, "multivariate_feature_state_values": []}, "timestamp": "2026-01-25T12:00:00.000000Z"}, "event_type": "FLAG_UPDATED"}',
  },
  {
    name: 'flagsmith.flag_updated.documented',
    format: 'flagsmith',
    text: '{"data": {"changed_by": "Ben Rometsch", "new_state": {"enabled": true, "environment": 23, "feature": {"created_date": "2021-02-10T20:03:43.348556Z", "default_enabled": false, "description": "Show html in a butter bar", "id": 7168, "initial_value": null, "name": "butter_bar", "project": 12, "type": "CONFIG"}, "feature_segment": null, "feature_state_value": "<b>Hello</b>", "id": 23, "identity": null, "identity_identifier": null}, "previous_state": {"enabled": false, "environment": 23, "feature": {"created_date": "2021-02-10T20:03:43.348556Z", "default_enabled": false, "description": "Show html in a butter bar", "id": 7168, "initial_value": null, "name": "butter_bar", "project": 12, "type": "CONFIG"}, "feature_segment": null, "feature_state_value": "", "id": 23, "identity": null, "identity_identifier": null}, "timestamp": "2021-06-18T07:50:26.595298Z"}, "event_type": "FLAG_UPDATED"}',
  },
  {
    name: 'flagsmith.flag_deleted',
    format: 'flagsmith',
    text: '{"data": {"changed_by": "alice@example.com", "new_state": null, "previous_state": {"enabled": true, "environment": {"id": 2, "name": "Production"}, "feature": {"id": 7, "created_date": "2024-05-02T08:11:00.000000Z", "default_enabled": false, "description": "Checkout v2", "initial_value": null, "name": "new_checkout", "project": {"id": 1, "name": "Shop"}, "type": "STANDARD"}, "feature_segment": null, "feature_state_value": "blue", "identity": null, "identity_identifier": null, "multivariate_feature_state_values": []}, "timestamp": "2026-01-25T12:00:00.000000Z"}, "event_type": "FLAG_DELETED"}',
  },
  {
    name: 'flagsmith.new_version_published',
    format: 'flagsmith',
    text: '{"event_type": "NEW_VERSION_PUBLISHED", "data": {"uuid": "4f6f0f2e-2a52-4a1e-9d53-8d1f0c8f0a11", "feature": {"id": 7, "name": "new_checkout"}, "published_by": {"id": 2, "email": "alice@example.com"}, "feature_states": [{"enabled": true, "value": null, "multivariate_feature_state_values": []}]}}',
  },
  {
    name: 'flagsmith.audit_log_created.test_button',
    format: 'flagsmith',
    text: '{"data": {"author": {"email": "user@domain.com", "first_name": "Jane", "id": 1, "last_name": "Doe"}, "created_date": "2020-02-23T17:30:57.006318Z", "environment": null, "log": "New Flag / Remote Config created: my_feature", "project": {"id": 1, "name": "Test Project", "organisation": 1}, "related_object_id": 1, "related_object_type": "FEATURE"}, "event_type": "AUDIT_LOG_CREATED"}',
  },
  {
    name: 'flagsmith.audit_log_created',
    format: 'flagsmith',
    text: '{"data": {"id": 99, "created_date": "2026-01-25T12:00:00.000000Z", "log": "Segment override created for feature \'new_checkout\' and segment \'beta users\'", "author": {"id": 2, "email": "alice@example.com", "first_name": "Alice", "last_name": "Doe", "last_login": null, "uuid": "0d4ba2c1-5a1c-4c39-a0b4-3a6a2b8f5f10"}, "environment": {"id": 2, "uuid": "c3a3a1f0-7a2d-4a9e-8a60-2a6f1c0b9d7e", "name": "Production", "api_key": "client-side-key", "description": "", "project": 1}, "project": {"id": 1, "uuid": "b8f8a0c2-3c0e-4f0b-9d4a-0f5c3e7a1b2d", "name": "Shop", "organisation": 1}, "related_object_id": 7, "related_object_uuid": null, "related_object_type": "FEATURE_STATE", "is_system_event": false}, "event_type": "AUDIT_LOG_CREATED"}',
  },
  {
    name: 'flagsmith.audit_log_created.unwrapped',
    format: 'flagsmith',
    text: '{"created_date": "2020-02-23T17:30:57.006318Z", "log": "Change Request: Launch approved", "author": {"id": 3, "email": "user@domain.com", "first_name": "Jane", "last_name": "Doe"}, "environment": null, "project": {"id": 6, "name": "Shop", "organisation": 1}, "related_object_id": 6, "related_object_type": "CHANGE_REQUEST"}',
  },
  {
    name: 'flagsmith.identity',
    format: 'flagsmith',
    text: '{"flags": [{"id": 1, "enabled": true, "feature": {"id": 7, "name": "new_checkout"}, "feature_state_value": null, "percentage_allocation": null}], "identity": "user-42", "segments": [{"id": 3, "name": "beta users", "member": true}], "traits": [{"id": 1, "trait_key": "plan", "trait_value": "pro"}]}',
  },
  {
    name: 'rollgate.flag.toggled',
    format: 'rollgate',
    text: '{"event":"flag.toggled","timestamp":"2026-01-25T12:00:00Z","flag":{"id":"550e8400-e29b-41d4-a716-446655440000","key":"new-checkout","name":"New Checkout Flow","enabled":true},"environment":{"id":"660e8400-e29b-41d4-a716-446655440000","name":"production"},"triggered_by":{"id":"770e8400-e29b-41d4-a716-446655440000","email":"dev@example.com"}}',
  },
  {
    name: 'rollgate.flag.created',
    format: 'rollgate',
    text: '{"event":"flag.created","timestamp":"2026-01-25T12:00:00Z","flag":{"id":"550e8400-e29b-41d4-a716-446655440000","key":"new-checkout","name":"New Checkout Flow","type":"boolean","description":""},"triggered_by":{"id":"770e8400-e29b-41d4-a716-446655440000","email":"dev@example.com"}}',
  },
  {
    name: 'rollgate.flag.updated',
    format: 'rollgate',
    text: '{"event":"flag.updated","timestamp":"2026-01-25T12:00:00Z","flag":{"id":"550e8400-e29b-41d4-a716-446655440000","key":"new-checkout","name":"New Checkout Flow","type":"boolean","description":"Checkout v2"},"triggered_by":{"id":"770e8400-e29b-41d4-a716-446655440000","email":"dev@example.com"}}',
  },
  {
    name: 'rollgate.flag.deleted',
    format: 'rollgate',
    text: '{"event":"flag.deleted","timestamp":"2026-01-25T12:00:00Z","flag":{"id":"550e8400-e29b-41d4-a716-446655440000","key":"new-checkout","name":"New Checkout Flow"},"triggered_by":{"id":"770e8400-e29b-41d4-a716-446655440000","email":"dev@example.com"}}',
  },
  {
    name: 'rollgate.flag_state.updated',
    format: 'rollgate',
    text: '{"event":"flag_state.updated","timestamp":"2026-01-25T12:00:00Z","flag":{"id":"550e8400-e29b-41d4-a716-446655440000","key":"new-checkout","name":"New Checkout Flow","enabled":true,"rollout_percentage":25},"environment":{"id":"660e8400-e29b-41d4-a716-446655440000","name":"production"},"triggered_by":{"id":"770e8400-e29b-41d4-a716-446655440000","email":"dev@example.com"}}',
  },
  {
    name: 'flipper.sync',
    format: 'flipper',
    text: '{"environment_id":123,"webhook_id":456,"delivery_id":"467dd251-b5e9-44d1-b490-539a97ef0983","action":"sync"}',
  },
  {
    name: 'unleash.feature-environment-enabled',
    format: 'unleash',
    text: '{"id":42,"type":"feature-environment-enabled","createdBy":"user@company.com","createdAt":"2026-01-25T12:00:00.000Z","createdByUserId":7,"data":null,"preData":null,"tags":[{"type":"slack","value":"ops"}],"featureName":"new-checkout","project":"default","environment":"production"}',
  },
  {
    name: 'unleash.feature-created',
    format: 'unleash',
    text: '{"id":41,"type":"feature-created","createdBy":"user@company.com","createdAt":"2026-01-25T12:00:00.000Z","createdByUserId":7,"data":{"name":"new-checkout","description":"Checkout v2","type":"release","project":"default","stale":false,"createdAt":"2026-01-25T12:00:00.000Z"},"preData":null,"tags":[{"type":"slack","value":"ops"}],"featureName":"new-checkout","project":"default","environment":null}',
  },
  {
    name: 'unleash.feature-strategy-update',
    format: 'unleash',
    text: '{"id":43,"type":"feature-strategy-update","createdBy":"user@company.com","createdAt":"2026-01-25T12:00:00.000Z","createdByUserId":7,"data":{"id":"7b1f0c7e-6f3c-4a53-9a4e-2f6f0f6f3b11","name":"flexibleRollout","title":null,"parameters":{"groupId":"new-checkout","rollout":"32","stickiness":"default"},"constraints":[],"segments":[]},"preData":{"id":"7b1f0c7e-6f3c-4a53-9a4e-2f6f0f6f3b11","name":"flexibleRollout","title":null,"parameters":{"groupId":"new-checkout","rollout":"67","stickiness":"default"},"constraints":[],"segments":[]},"tags":[{"type":"slack","value":"ops"}],"featureName":"new-checkout","project":"default","environment":"production"}',
  },
  {
    name: 'unleash.feature-archived',
    format: 'unleash',
    text: '{"id":44,"type":"feature-archived","createdBy":"user@company.com","createdAt":"2026-01-25T12:00:00.000Z","createdByUserId":7,"data":null,"preData":null,"tags":[{"type":"slack","value":"ops"}],"featureName":"new-checkout","project":"default","environment":null}',
  },
  {
    name: 'unleash.change-request-approved',
    format: 'unleash',
    text: '{"id":45,"type":"change-request-approved","createdBy":"user@company.com","createdAt":"2026-01-25T12:00:00.000Z","createdByUserId":7,"data":{"changeRequestId":1},"preData":null,"tags":[{"type":"slack","value":"ops"}],"featureName":"new-checkout","project":"default","environment":"production"}',
  },
  {
    name: 'json.object',
    format: 'json',
    text: '{"event":"user.updated","user":"dev@example.com","data":{"key":"42","name":"Dev"},"time":"2026-01-25T12:00:00Z"}',
  },
];
