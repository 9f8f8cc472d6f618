import { LineCounter, isMap, isScalar, isSeq, parseDocument, stringify } from 'yaml';
import type { Document, Scalar } from 'yaml';
import { parseDuration } from '../core/duration.ts';
import type { Problem } from '../core/problem.ts';
import { translateGoTemplate } from './go-template.ts';
import { scalarOffsets } from './place.ts';
import type { Path } from './pointer.ts';
import { Report } from './report.ts';

export interface Imported {
  /** A config of ours; null when the file is no YAML, or has nothing that could be taken over. */
  yaml: string | null;
  /** What a person should look at, each at its place in Flipt's file; errors only where `yaml` is null. */
  notes: Problem[];
}

type Sink = Record<string, unknown>;

/** Whatever is in that file may be secret, so notes show places and no lines. */
const noExcerpt = { excerpt: false };

const defaultLog = '/var/log/flipt/audit.log';

/**
 * Turns the `audit` block of a Flipt v1 config (internal/config/audit.go) into a config of ours, its Go
 * templates into Handlebars. `file` is the name the user gave; it is only used in the notes.
 */
export function importFlipt(text: string, file: string): Imported {
  const report = new Report(file, text);
  const document = parseDocument(text, {
    lineCounter: new LineCounter(),
    prettyErrors: false,
    logLevel: 'error',
  });
  for (const { pos } of document.errors)
    report.add(pos, { code: 'yaml_syntax', message: 'this is no valid YAML' }, noExcerpt);
  if (report.hasErrors) return { yaml: null, notes: report.problems() };
  return new Importer(document, text, report).run();
}

class Importer {
  readonly #document: Document;
  readonly #text: string;
  readonly #report: Report;

  constructor(document: Document, text: string, report: Report) {
    this.#document = document;
    this.#text = text;
    this.#report = report;
  }

  run(): Imported {
    const sinks = this.#sinks();
    if (sinks.length === 0) {
      this.#report.add(
        this.#range(['audit', 'sinks', 'webhook']),
        {
          code: 'nothing_to_import',
          message: 'there is no webhook in `audit.sinks.webhook`',
          hint: 'it has a `url` or `templates` in a config of Flipt v1',
        },
        noExcerpt,
      );
      return { yaml: null, notes: this.#report.problems() };
    }
    const buffer = ['audit', 'buffer'];
    if (this.#has(buffer))
      this.#note(
        buffer,
        '`audit.buffer` is not needed: every event is kept on the disk and delivered at once',
      );
    if (this.#get(['audit', 'sinks', 'kafka', 'enabled']) === true) {
      this.#note(['audit', 'sinks', 'kafka'], 'the Kafka sink is not taken over', 'leave it to Flipt');
    }
    const config = { sources: [this.#source()], sinks };
    const head =
      '# yaml-language-server: $schema=./config.schema.json\n# Made from a Flipt config by `auditsink import-flipt`.\n';
    return {
      yaml: head + stringify(config, { lineWidth: 0, blockQuote: 'literal', aliasDuplicateObjects: false }),
      notes: this.#report.problems(),
    };
  }

  #source(): Record<string, unknown> {
    const log = ['audit', 'sinks', 'log'];
    const source = { name: 'flipt', type: 'file', path: defaultLog, format: 'flipt' };
    const file = this.#get([...log, 'file']);
    if (this.#get([...log, 'enabled']) !== true) {
      this.#note(
        this.#has(log) ? log : ['audit'],
        'Flipt does not write its audit log yet',
        `set \`audit.sinks.log.enabled: true\` and \`file: ${defaultLog}\` in Flipt’s config, and turn its webhook off`,
      );
      return typeof file === 'string' && file !== '' ? { ...source, path: reference(file) } : source;
    }
    this.#note(
      [...log, 'enabled'],
      'events are read from Flipt’s log',
      'turn Flipt’s own webhook off, or everything is sent twice',
    );
    if (typeof file === 'string' && file !== '' && file !== 'stdout')
      return { ...source, path: reference(file) };
    this.#note(
      log,
      'Flipt writes its audit log to stdout',
      'pipe it in (`flipt | auditsink run …`), or set `file`',
    );
    return { name: 'flipt', type: 'stdin', format: 'flipt' };
  }

  #sinks(): Sink[] {
    const webhook = ['audit', 'sinks', 'webhook'];
    if (!this.#has(webhook)) return [];
    const enabled = this.#get([...webhook, 'enabled']) === true;
    if (!enabled)
      this.#note(
        webhook,
        'the webhook is not enabled, so its sinks are disabled',
        'remove `enabled: false` from them',
      );
    const common: Sink = {
      ...(enabled ? {} : { enabled: false }),
      preset: 'flipt',
      ...this.#events(),
      ...this.#backoff(webhook),
    };
    const sinks: Sink[] = [];
    const url = this.#get([...webhook, 'url']);
    const secret = this.#get([...webhook, 'signing_secret']);
    if (typeof url === 'string' && url !== '') {
      const signing =
        typeof secret === 'string' && secret !== '' ? { signing_secret: reference(secret) } : {};
      sinks.push({ name: 'webhook', url: reference(url), ...common, ...signing });
      if (typeof secret === 'string' && !/^\$\{\w+\}$/.test(secret) && secret !== '') {
        this.#note(
          [...webhook, 'signing_secret'],
          'the secret stands in the config',
          'better: `signing_secret: ${env:WEBHOOK_SECRET}` or `${file:/run/secrets/…}`',
        );
      }
    }
    const templates = this.#document.getIn([...webhook, 'templates'], true);
    const count = isSeq(templates) ? templates.items.length : 0;
    for (let i = 0; i < count; i += 1)
      sinks.push(this.#template([...webhook, 'templates', i], sinks, common));
    if (count > 0 && typeof secret === 'string' && secret !== '') {
      this.#note(
        [...webhook, 'signing_secret'],
        'Flipt does not sign templated requests, so these sinks have no secret',
        'add `signing_secret` to a sink to have it signed',
      );
    }
    return sinks;
  }

  #template(at: Path, others: readonly Sink[], common: Sink): Sink {
    const written = this.#get([...at, 'url']);
    const url = typeof written === 'string' ? written : '';
    if (this.#has([...at, 'method']))
      this.#note(
        [...at, 'method'],
        '`method` never had an effect in Flipt',
        'add `method` to the sink if it should have one',
      );
    const sink: Sink = { name: nameFor(url, others), url: reference(url), ...common };
    const headers = this.#document.getIn([...at, 'headers'], true);
    if (isMap(headers)) {
      const entries = Object.entries(headers.toJSON() as Record<string, unknown>);
      sink['headers'] = Object.fromEntries(entries.map(([name, value]) => [name, reference(String(value))]));
    }
    const body = this.#document.getIn([...at, 'body'], true);
    if (isScalar(body) && typeof body.value === 'string') sink['body'] = this.#body(body, body.value);
    return sink;
  }

  #body(node: Scalar, source: string): string {
    const { text, notes } = translateGoTemplate(source);
    const offsets = scalarOffsets(node, source, this.#text);
    for (const { offset, length, message } of notes) {
      this.#report.add(
        [offsets(offset), offsets(offset + length)],
        {
          severity: 'warning',
          code: 'not_translated',
          message,
          hint: 'the original stands in a comment at its place in the body',
        },
        noExcerpt,
      );
    }
    return escapeDollars(text);
  }

  /** The list, or in an environment variable's manner a text with spaces between the pairs. */
  #events(): Sink {
    const value = this.#get(['audit', 'events']);
    const node = this.#document.getIn(['audit', 'events'], true);
    const events: unknown[] = isSeq(node)
      ? node.toJSON()
      : typeof value === 'string'
        ? value.trim().split(/\s+/)
        : [];
    const pairs = events
      .filter((pair) => typeof pair === 'string')
      .map((pair) => pair.split(':').slice(0, 2).join(':'));
    return pairs.length === 0 || pairs.includes('*:*') ? {} : { events: pairs };
  }

  #backoff(webhook: Path): Sink {
    const value = this.#get([...webhook, 'max_backoff_duration']);
    if (value === undefined) return {};
    const ms = typeof value === 'string' ? parseDuration(value) : undefined;
    if (ms !== undefined && ms > 0) return { max_backoff_duration: value };
    this.#note([...webhook, 'max_backoff_duration'], 'this is no duration; Flipt’s default of 15s is used');
    return {};
  }

  #get(path: Path): unknown {
    return this.#document.getIn([...path]) ?? undefined;
  }

  #has(path: Path): boolean {
    return this.#document.hasIn([...path]);
  }

  #note(path: Path, message: string, hint?: string): void {
    this.#report.add(this.#range(path), { severity: 'warning', code: 'import', message, hint }, noExcerpt);
  }

  #range(path: Path): [number, number] | null {
    for (let length = path.length; length > 0; length -= 1) {
      const parent = this.#document.getIn(path.slice(0, length - 1), true);
      const pair = isMap(parent)
        ? parent.items.find(({ key }) => isScalar(key) && key.value === path[length - 1])
        : undefined;
      if (isScalar(pair?.key) && pair.key.range !== null && pair.key.range !== undefined)
        return [pair.key.range[0], pair.key.range[1]];
    }
    return null;
  }
}

/** Flipt replaces a text that is `${VAR}` as a whole, as we do; anywhere else a dollar is a dollar. */
function reference(text: string): string {
  return /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(text) ? text : escapeDollars(text);
}

function escapeDollars(text: string): string {
  return text.replaceAll(/\$(?=\$|\{(?!\{))/g, '$$$$');
}

function nameFor(url: string, others: readonly Sink[]): string {
  const host = URL.parse(url)?.hostname ?? '';
  const known = ['slack', 'discord', 'datadog', 'pagerduty', 'splunk'].find((word) => host.includes(word));
  const base = known ?? (/office\.com|logic\.azure\.com/.test(host) ? 'teams' : 'template');
  const taken = new Set(others.map(({ name }) => name));
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? base : `${base}-${n}`;
    if (!taken.has(name)) return name;
  }
}
