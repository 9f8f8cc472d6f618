import type { AuditEvent } from './event.ts';

/** A rendered request body, or why there is none; `reason` names template, line and column, never a value. */
export type Rendered = { ok: true; body: string } | { ok: false; reason: string };

/** Turns an event into the body of a sink's request. Never throws: whatever a template does is a result. */
export interface BodyRenderer {
  render(event: AuditEvent): Rendered;
}
