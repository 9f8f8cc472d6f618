import { readFileSync, writeFileSync } from 'node:fs';
import type { Finding, Section } from './report.ts';
import { median } from './statistics.ts';

/** Ratios as they were when they were last accepted, by mode and name. */
type Accepted = Record<string, number>;

const file = new URL('guard.json', import.meta.url);

/** The modes whose ratios say something in a short run. */
export const guardedModes = [
  'backlog',
  'ordered',
  'batched',
  'slow-receiver',
  'sinks',
  'tail',
  'intake',
  'render',
];

/** A ratio may be so much worse than what was accepted: two runs differ by that. */
const tolerance = 0.15;

/** The ratios of a mode that are watched: those to bare programs, since peers differ from machine to machine. */
export function guardedRatios(mode: string, { findings }: Pick<Section, 'findings'>): Guarded[] {
  return findings
    .filter(({ guard }) => guard !== undefined)
    .map((finding) => ({ ...finding, key: `${mode}: ${finding.name}` }));
}

type Guarded = Finding & { key: string };

export interface Verdict {
  key: string;
  now: number;
  accepted: number | undefined;
  worse: boolean;
}

/** Compares the ratios of a run with the accepted ones. */
export function judge(ratios: readonly Guarded[], accepted: Accepted): Verdict[] {
  return ratios.map(({ key, guard, values }) => {
    const now = median(values);
    const before = accepted[key];
    if (before === undefined) return { key, now, accepted: undefined, worse: false };
    const worse = guard === 'rate' ? now < before * (1 - tolerance) : now > before * (1 + tolerance);
    return { key, now, accepted: before, worse };
  });
}

export function readAccepted(): Accepted {
  return JSON.parse(readFileSync(file, 'utf8')) as Accepted;
}

/** Makes these the accepted ratios. */
export function accept(verdicts: readonly Verdict[]): void {
  const ratios = Object.fromEntries(verdicts.map(({ key, now }) => [key, Number(now.toFixed(3))]));
  writeFileSync(file, `${JSON.stringify(ratios, null, 2)}\n`);
}

export function verdictText({ key, now, accepted, worse }: Verdict): string {
  const before = accepted === undefined ? 'new' : `accepted ${accepted.toFixed(2)}`;
  return `${worse ? 'WORSE' : 'ok   '} ${key}: ${now.toFixed(2)} (${before})`;
}
