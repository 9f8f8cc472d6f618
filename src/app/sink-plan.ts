import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BodyConfig, SinkConfig, TemplatePlace } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { AuditEvent, IncomingEvent } from '../core/event.ts';
import { compileFilter } from '../core/filter.ts';
import { originalBody } from '../core/formats/decoder.ts';
import { presetBody } from '../core/preset-body.ts';
import type { Problem } from '../core/problem.ts';
import type { Signer } from '../core/signature/scheme.ts';
import { signatureScheme } from '../core/signature/schemes.ts';
import { compileText, compileTree } from '../templates/compile.ts';
import type { TemplateProblem } from '../templates/problem.ts';
import type { TemplateRenderer } from '../templates/renderer.ts';

/** A sink's config made ready for work: template compiled, keys prepared, filter built. */
export interface SinkPlan {
  config: SinkConfig;
  wants: (event: AuditEvent) => boolean;
  /** null: no template. */
  template: TemplateRenderer | null;
  /** What is sent without a template: the event as it came, or as the preset's system would send it. */
  original: (incoming: IncomingEvent) => string;
  usesPrevious: boolean;
  signer: Signer | null;
}

export type Planned = { ok: true; plan: SinkPlan } | { ok: false; problems: Problem[] };

/** The folder of partials beside a config file: `templates/partials`, where there is one. */
export function partialsDirOf(configFile: string): string | null {
  const dir = join(dirname(configFile), 'templates', 'partials');
  return existsSync(dir) ? dir : null;
}

/** Makes a sink ready, or says everything that is wrong with it at its place in the config or template file. */
export function planSink(config: SinkConfig, context: { configFile: string; clock: Clock }): Planned {
  const problems: Problem[] = [];
  const body = planBody(config, context, problems);
  const signer = planSigner(config, context.configFile, problems);
  if (problems.length > 0 || body === null) return { ok: false, problems };
  return { ok: true, plan: { config, wants: compileFilter(config), ...body, signer } };
}

function planBody(
  { body, headers, url }: SinkConfig,
  { configFile, clock }: { configFile: string; clock: Clock },
  problems: Problem[],
): Pick<SinkPlan, 'template' | 'original' | 'usesPrevious'> | null {
  const original = ({ format, text }: IncomingEvent): string => originalBody(format, text);
  if (body === null) return { template: null, original, usesPrevious: false };
  if (body.kind === 'preset') {
    const { preset } = body;
    return {
      template: null,
      original: (incoming) => presetBody(preset, incoming.event, incoming),
      usesPrevious: true,
    };
  }
  const options = {
    partialsDir: partialsDirOf(configFile),
    contentType: contentTypeOf(headers),
    slack: /(^|\.)slack\.com$/.test(new URL(url).hostname),
    clock,
  };
  const compiled = body.kind === 'text' ? compileText(body.text, options) : compileTree(body.tree, options);
  if (compiled.ok) return { template: compiled.renderer, original, usesPrevious: compiled.usesPrevious };
  problems.push(...compiled.problems.map((problem) => placeProblem(problem, body, configFile)));
  return null;
}

function planSigner({ name, signature }: SinkConfig, configFile: string, problems: Problem[]): Signer | null {
  if (signature === null) return null;
  try {
    return signatureScheme(signature).prepare(signature.secrets);
  } catch (error) {
    problems.push({
      severity: 'error',
      code: 'signature',
      file: configFile,
      line: 0,
      column: 0,
      message: `sink ${name}: ${messageOf(error)}`,
    });
    return null;
  }
}

/** The sink's Content-Type; the config layer sees to it that there is one. */
export function contentTypeOf(headers: Readonly<Record<string, string>>): string {
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'content-type');
  return name === undefined ? 'application/json' : (headers[name] as string);
}

/** Moves a problem from its place in the template text to its place in the file the text stands in. */
export function placeProblem(problem: TemplateProblem, body: BodyConfig, configFile: string): Problem {
  const { pointer, file, line, column, ...rest } = problem;
  if (file !== undefined) return withExcerpt({ ...rest, file, line, column });
  const place = placeOf(body, pointer);
  if (place === undefined) return { ...rest, file: configFile, line: 0, column: 0 };
  return withExcerpt({ ...rest, file: place.file, ...place.locate(line, column) });
}

function placeOf(body: BodyConfig, pointer: string | undefined): TemplatePlace | undefined {
  if (body.kind === 'text') return body.place;
  return body.kind === 'tree' ? body.places.get(pointer ?? '') : undefined;
}

function withExcerpt(problem: Problem): Problem {
  try {
    const excerpt = readFileSync(problem.file, 'utf8').split(/\r?\n/)[problem.line - 1];
    return excerpt === undefined ? problem : { ...problem, excerpt };
  } catch {
    return problem; // The place alone says enough; that the file cannot be read is reported where it matters.
  }
}
