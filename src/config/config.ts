import type { LogLevel } from '../core/logger.ts';
import type { DeliveryPolicy, FormatSetting, PresetName, SignatureSetting } from '../core/policy.ts';

/** The config as the daemon uses it: validated, defaults filled in, variables replaced, paths absolute, times in ms. */
export interface Config {
  /** Absolute path of the config file. */
  file: string;
  /** Absolute path of `templates/partials` beside the config file; it need not exist. */
  partialsDir: string;
  stateDir: string;
  log: { level: LogLevel; format: 'json' | 'pretty' };
  /** null: `listen: off`. */
  admin: { host: string; port: number; token: string | null } | null;
  journal: { retentionMs: number; maxBytes: number };
  shutdownGraceMs: number;
  sources: SourceConfig[];
  sinks: SinkConfig[];
}

export type SourceConfig = FileSourceConfig | StdinSourceConfig | HttpSourceConfig;

export interface FileSourceConfig {
  type: 'file';
  name: string;
  /** Absolute path, or a glob. */
  path: string;
  format: FormatSetting;
  startAt: 'beginning' | 'end';
  maxLineBytes: number;
  pollIntervalMs: number;
}

export interface StdinSourceConfig {
  type: 'stdin';
  name: string;
  format: FormatSetting;
  maxLineBytes: number;
}

export interface HttpSourceConfig {
  type: 'http';
  name: string;
  host: string;
  port: number;
  /** URL path, `/` by default. */
  path: string;
  format: FormatSetting;
  maxBodyBytes: number;
  verify: SignatureSetting | { scheme: 'bearer'; secrets: readonly string[] } | null;
}

export interface SinkConfig {
  name: string;
  url: string;
  method: 'POST' | 'PUT' | 'PATCH';
  /** Header names as written; always holds a content-type. */
  headers: Readonly<Record<string, string>>;
  /** `noun:verb` patterns. */
  events: readonly string[];
  /** Path → globs, of which one must match; all paths must hold. */
  match: Readonly<Record<string, readonly string[]>>;
  /** null: every source. */
  sources: readonly string[] | null;
  /** null: the event as it came. */
  body: BodyConfig | null;
  preset: PresetName | null;
  signature: SignatureSetting | null;
  policy: DeliveryPolicy;
  /** PEM texts, already read from their files. */
  tls: { ca: string | null; cert: string | null; key: string | null };
  /** Proxy URL; null: the *_PROXY environment. */
  proxy: string | null;
  enabled: boolean;
  /** Where a sink begins that the journal does not know yet. */
  startFrom: 'now' | 'beginning';
}

/** A template with where it stands, so that an error in it can be shown at its own line. */
export type BodyConfig =
  | { kind: 'text'; text: string; place: TemplatePlace }
  /** A YAML tree whose strings are templates; `places` maps a JSON pointer to the string's place. */
  | { kind: 'tree'; tree: unknown; places: ReadonlyMap<string, TemplatePlace> }
  /** `body: preset`: the payload that the preset's system would send. */
  | { kind: 'preset'; preset: PresetName };

export interface TemplatePlace {
  /** The file the text stands in, as the user named it. */
  file: string;
  /** Turns a 1-based line and column of the template text into those of the file. */
  locate(line: number, column: number): { line: number; column: number };
  /** A line of the file as it may be shown above a caret; undefined where it could show a secret. */
  excerpt(line: number, column: number): string | undefined;
}
