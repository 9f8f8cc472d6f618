import type { z } from 'zod';
import { formatDuration } from '../core/duration.ts';
import { presets } from '../core/presets.ts';
import { describeConfig } from './json-schema.ts';

type Node = z.core.JSONSchema.BaseSchema & { kind?: string };

const intro = (): string => `# Config reference

This page is generated from the schema that validates the config (\`node src/config/generate.ts\`).
\`auditsink schema\` prints the same as JSON Schema; with
\`# yaml-language-server: $schema=./config.schema.json\` in the first line, editors complete and check it.

The config is YAML 1.2. An unknown key is an error. All mistakes are shown at once, with their places:
\`auditsink check -c config.yaml\`. A key with an empty value counts as not given.

## Values

- **duration**: as in Go, \`500ms\`, \`15s\`, \`1m30s\`, and also \`7d\`, \`2w\`. A number needs its unit.
- **size**: \`1MiB\`, \`500kB\`, or bytes.
- **rate**: \`1/s\`, \`100/m\`, \`500/h\`, \`1000/d\`.
- **glob**: over the whole value: \`*\`, \`?\`, \`[a-z]\`, \`[!a-z]\`, \`{a,b}\`; \`\\\` takes the next character as it is.
- **path into an event**: \`payload.key\`, \`metadata.actor.email\`; a key with dots may stand in brackets:
  \`payload.[a.b]\`.
- Paths of files are relative to the config file. A list may be written as its only entry.

## Variables

In any value, but not in keys and not in template files:

${table(
  ['written', 'means'],
  [
    ['`${env:NAME}`', 'the environment variable; an error when it is not set'],
    ['`${env:NAME:-default}`', 'the same with a default for when it is not set or empty'],
    ['`${env:NAME:-}`', 'alone, without a value: as if the setting were not given'],
    ['`${NAME}`', 'short for `${env:NAME}`'],
    ['`${file:/path}`', 'the content of a file, without white space at its end; read again on a reload'],
    ['`$$`', 'a dollar sign, also in an inline `body`'],
  ],
)}

What is put in is text: it is never read as YAML, never replaced again, and never shown in a message.
\`\${{\` is a dollar before a template expression.
`;

const closing = (): string => `## Presets

A preset sets what the documented sender of that system does; every setting beside it still wins. Giving
\`retry.schedule\` over a preset with growing waits, or the other way round, leaves the preset's limits behind.

${presetTable()}

Two differences are deliberate: redirects are never followed and never count as delivered, and
\`Retry-After\` is always respected.
`;

/** The reference page of the config, in Markdown. */
export function configReference(): string {
  const root: Node = describeConfig(() => undefined);
  const parts = [intro(), ...section('Top level', '', root), closing()];
  return `${parts.map((part) => part.trim()).join('\n\n')}\n`;
}

/** A heading and a table for a map, followed by the sections inside it. */
function section(title: string, description: string, node: Node): string[] {
  const rows: string[][] = [];
  const inner: string[][] = [];
  for (const [key, value] of Object.entries(node.properties ?? {})) {
    const property = value as Node;
    const required = node.required?.includes(key) === true;
    rows.push([
      `\`${key}\``,
      kindOf(property, key),
      required ? 'required' : defaultOf(property),
      describe(property),
    ]);
    inner.push(
      ...sectionsOf(title === 'Top level' ? key : `${title.replace(/ of type .*/, '')}.${key}`, property),
    );
  }
  return [
    `## ${title === 'Top level' ? title : `\`${title}\``}`,
    description,
    table(['setting', 'value', 'default', 'meaning'], rows),
    ...inner.flat(),
  ].filter((part) => part !== '');
}

function sectionsOf(title: string, node: Node): string[][] {
  if (node.properties !== undefined) return [section(title, node.description ?? '', node)];
  const items = node.items as Node | undefined;
  if (items?.properties !== undefined) return [section(`${title}[]`, node.description ?? '', items)];
  return (items?.oneOf ?? []).map((option) => {
    const type = option.properties?.['type'] as Node | undefined;
    return section(`${title}[] of type ${String(type?.const)}`, type?.description ?? '', option);
  });
}

function kindOf(node: Node, key: string): string {
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.properties !== undefined) return 'section';
  const items = node.items as Node | undefined;
  if (items?.properties !== undefined || items?.oneOf !== undefined) return 'list of sections';
  if (node.additionalProperties !== undefined && typeof node.additionalProperties === 'object') {
    return `map of ${kindOf(node.additionalProperties, key)}`;
  }
  if (node.kind === 'scheme') return 'scheme or `{ header, value }`';
  const words = node.anyOf?.[0]?.enum;
  if (node.kind === 'one of' && words !== undefined)
    return words.map((word) => `\`${String(word)}\``).join(', ');
  const entry = node.anyOf?.find((option) => option.type === 'array');
  if (entry !== undefined) return `list of ${kindOf(entry.items as Node, key)}s`;
  return node.kind ?? 'text';
}

function defaultOf(node: Node): string {
  return node.default === undefined ? '' : code(node.default);
}

function describe(node: Node): string {
  const [example] = node.examples ?? [];
  const text = node.description ?? '';
  return example === undefined || example === node.default ? text : `${text} Example: ${code(example)}`;
}

/** A value as it stands in YAML flow style. */
function code(value: unknown): string {
  return `\`${flow(value)}\``;
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, item]) => `${key}: ${flow(item)}`)
      .join(', ')} }`;
  }
  const text = String(value);
  return /[*{}[\],&]/.test(text) && !/^(\{|\$\{)/.test(text) ? `"${text}"` : text;
}

function presetTable(): string {
  const rows = Object.entries(presets).map(([name, { timeoutMs, success, retry }]) => {
    const { scheduleMs, initialIntervalMs, multiplier, maxAttempts, maxElapsedMs } = retry;
    const growing = `from ${exact(initialIntervalMs)}, × ${multiplier}`;
    const end = maxElapsedMs === null ? `${maxAttempts} attempts` : `for ${exact(maxElapsedMs)}`;
    return [
      `\`${name}\``,
      success === null ? '2xx' : success.join(', '),
      exact(timeoutMs),
      scheduleMs === null ? `${growing}, ${end}` : `after ${scheduleMs.map(exact).join(', ')}`,
      retry.on.join(', '),
    ];
  });
  return table(['preset', 'success', 'timeout', 'retries', 'what is tried again'], rows);
}

function exact(ms: number): string {
  return ms < 60_000 && ms % 1000 !== 0 && ms > 1000 ? `${ms / 1000}s` : formatDuration(ms);
}

/** A Markdown table with its columns padded, as the formatter wants it. */
function table(head: string[], rows: string[][]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [first = [], ...others] = cells;
  return [
    line(first),
    `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`,
    ...others.map(line),
  ].join('\n');
}
