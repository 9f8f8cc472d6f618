import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BodyConfig, Config, SinkConfig, TemplatePlace } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { AuditEvent, IncomingEvent } from '../core/event.ts';
import { compileFilter } from '../core/filter.ts';
import { originalBody } from '../core/formats/decoder.ts';
import { presetBody } from '../core/preset-body.ts';
import type { Problem } from '../core/problem.ts';
import type { Signer } from '../core/signature/scheme.ts';
import { signatureScheme } from '../core/signature/schemes.ts';
import { compileTree } from '../templates/compile.ts';
import type { compileText } from '../templates/compile.ts';
import { loadPartials } from '../templates/partials.ts';
import type { TemplateProblem } from '../templates/problem.ts';
import type { TemplateRenderer } from '../templates/renderer.ts';
import { sharedCompiler } from '../templates/shared-compiler.ts';

/** A sink's config made ready for work: template compiled, keys prepared, filter built. */
export interface SinkPlan {
  config: SinkConfig;
  wants: (event: AuditEvent) => boolean;
  /** null: no template. */
  template: TemplateRenderer | null;
  /** The text of the partials at hand: a template that is the same with other partials is not the same. */
  partials: string;
  /** What is sent without a template: the event as it came, or as the preset's system would send it. */
  original: (incoming: IncomingEvent) => string;
  usesPrevious: boolean;
  signer: Signer | null;
}

export type Planned = { ok: true; plan: SinkPlan } | { ok: false; problems: Problem[] };

/**
 * The folder a sink's partials are read from: `templates/partials` beside the config, or `partials` beside the
 * template's own file, as when it comes from the package.
 */
export function partialsDirOf(config: Pick<Config, 'partialsDir'>, body: BodyConfig): string | null {
  if (existsSync(config.partialsDir)) return config.partialsDir;
  const beside = body.kind === 'text' ? join(dirname(body.place.file), 'partials') : '';
  return existsSync(beside) ? beside : null;
}

export interface PlanContext {
  config: Config;
  clock: Clock;
  compile: typeof compileText;
}

/** What one loading of a config shares among its sinks. */
export function planContext(config: Config, clock: Clock): PlanContext {
  return { config, clock, compile: sharedCompiler() };
}

/** Makes a sink ready, or says everything that is wrong with it at its place in the config or template file. */
export function planSink(config: SinkConfig, context: PlanContext): Planned {
  const problems: Problem[] = [];
  const body = planBody(config, context, problems);
  const signer = planSigner(config, context.config.file, problems);
  if (problems.length > 0 || body === null) return { ok: false, problems };
  return { ok: true, plan: { config, wants: compileFilter(config), ...body, signer } };
}

function planBody(
  { body, headers, url }: SinkConfig,
  { config, clock, compile }: PlanContext,
  problems: Problem[],
): Pick<SinkPlan, 'template' | 'partials' | 'original' | 'usesPrevious'> | null {
  const original = ({ format, text }: IncomingEvent): string => originalBody(format, text);
  if (body === null) return { template: null, partials: '', original, usesPrevious: false };
  if (body.kind === 'preset') {
    const { preset } = body;
    return {
      template: null,
      partials: '',
      original: (incoming) => presetBody(preset, incoming.event, incoming),
      usesPrevious: true,
    };
  }
  const partialsDir = partialsDirOf(config, body);
  const options = {
    partialsDir,
    contentType: contentTypeOf(headers),
    slack: /(^|\.)slack\.com$/.test(new URL(url).hostname),
    clock,
  };
  const compiled = body.kind === 'text' ? compile(body.text, options) : compileTree(body.tree, options);
  if (compiled.ok) {
    const { renderer, usesPrevious } = compiled;
    return { template: renderer, partials: textOfPartials(partialsDir), original, usesPrevious };
  }
  problems.push(...compiled.problems.map((problem) => placeProblem(problem, body, config.file)));
  return null;
}

function textOfPartials(dir: string | null): string {
  if (dir === null) return '';
  return [...loadPartials(dir)].map(([name, { text }]) => `${name}\n${text}`).join('\n');
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
  if (file !== undefined) return inPartial({ ...rest, file, line, column });
  const place = placeOf(body, pointer);
  if (place === undefined) return { ...rest, file: configFile, line: 0, column: 0 };
  const located = place.locate(line, column);
  const excerpt = place.excerpt(located.line, located.column);
  return { ...rest, file: place.file, ...located, ...(excerpt === undefined ? {} : { excerpt }) };
}

function placeOf(body: BodyConfig, pointer: string | undefined): TemplatePlace | undefined {
  if (body.kind === 'text') return body.place;
  return body.kind === 'tree' ? body.places.get(pointer ?? '') : undefined;
}

function inPartial(problem: Problem): Problem {
  try {
    const excerpt = readFileSync(problem.file, 'utf8').split(/\r?\n/)[problem.line - 1];
    return excerpt === undefined ? problem : { ...problem, excerpt };
  } catch {
    return problem; // The place alone says enough; that the file cannot be read is reported where it matters.
  }
}
