import type { Sample } from './samples.ts';

/** Samples of the other systems, as their own documents or test buttons give them. */
export const foreignSamples: readonly Sample[] = [
  {
    name: 'json.object',
    format: 'json',
    text: '{"event":"user.updated","user":"dev@example.com","data":{"key":"42","name":"Dev"},"time":"2026-01-25T12:00:00Z"}',
  },
];
