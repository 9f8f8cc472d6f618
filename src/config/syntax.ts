import { parseDocument } from 'yaml';
import type { Document, ErrorCode, YAMLError } from 'yaml';
import { isSensitiveKey } from './excerpt.ts';
import type { Report } from './report.ts';
import { allKeys } from './sections.ts';

/**
 * Inside a reference these characters would end a plain scalar, in flow style even `{ token: ${env:X} }`
 * would be no YAML. They are swapped for Unicode noncharacters of the same length before parsing, which keeps
 * every position true, and swapped back in each scalar.
 */
const masked = '{}[],:#';
const firstMask = 0xfdd0;
const masks = /[\uFDD0-\uFDD6]/g;

function mask(text: string): string {
  if (!text.includes('${') || text.search(masks) !== -1) return text;
  return text.replaceAll(/\$\$|\$\{(?!\{)[^}\n]*\}/g, (found) =>
    found.replaceAll(/[{}[\],:#]/g, (char) => String.fromCharCode(firstMask + masked.indexOf(char))),
  );
}

/** A scalar's text with the characters of its references back in place. */
export function unmask(text: string): string {
  return text.replaceAll(masks, (char) => masked[char.charCodeAt(0) - firstMask] ?? char);
}

/** What the parser's complaints mean for somebody who writes a config; its own words may quote the file. */
const explanations: Partial<Record<ErrorCode, readonly [message: string, hint?: string]>> = {
  TAB_AS_INDENT: ['a tab is used for indentation', 'YAML is indented with spaces'],
  DUPLICATE_KEY: ['this key is given twice', 'remove one of the two'],
  MULTIPLE_DOCS: ['the file holds a second document', 'remove the `---` line'],
  BAD_INDENT: [
    'the indentation does not fit the lines above',
    'entries of one map or list begin at the same column',
  ],
  MISSING_CHAR: [
    'something is missing here: a closing quote, a closing bracket, or `: ` after a key',
    'a quote or bracket may have been opened on an earlier line',
  ],
  MULTILINE_IMPLICIT_KEY: ['a key must stand on one line and be followed by `: `', 'is a `:` missing?'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a second `: ` on this line, or a deeper line below a value',
    'put a value that holds `: ` in quotes',
  ],
  BAD_SCALAR_START: ['a value cannot begin with this character', 'put the value in quotes'],
  BAD_DQ_ESCAPE: [
    'unknown escape sequence in double quotes',
    'use single quotes, or write `\\\\` for a backslash',
  ],
  UNEXPECTED_TOKEN: ['this does not belong here', 'put a value with special characters in quotes'],
  BAD_ALIAS: ['an alias name is missing or malformed', 'put a value that begins with `*` in quotes'],
  TAG_RESOLVE_FAILED: ['YAML tags are not used in a config', 'put a value that begins with `!` in quotes'],
};

/** Parses YAML 1.2 strictly; what is wrong with its syntax goes into the report. */
export function parseYaml(text: string, report: Report): Document.Parsed {
  const document = parseDocument(mask(text), {
    strict: true,
    uniqueKeys: true,
    prettyErrors: false,
    merge: true,
    version: '1.2',
    logLevel: 'error',
  });
  // One slip makes the parser complain several times about the same line; indentation is its likeliest cause.
  const byLine = new Map<number, YAMLError>();
  for (const error of [...document.errors, ...document.warnings]) {
    const { line } = report.excerpts.position(error.pos[0]);
    if (!byLine.has(line) || /INDENT/.test(error.code)) byLine.set(line, error);
  }
  for (const [line, error] of byLine) {
    const [start] = error.pos;
    const [message, hint] = explanations[error.code] ?? ['this is no valid YAML'];
    const raw = report.excerpts.rawLine(line);
    const end = error.code === 'DUPLICATE_KEY' ? start + keyLength(raw, start, report) : error.pos[1];
    report.add([start, end], { code: 'yaml_syntax', message, hint }, { excerpt: isHarmless(raw) });
  }
  return document;
}

function keyLength(raw: string, start: number, report: Report): number {
  const { column } = report.excerpts.position(start);
  return /^[\w.-]*/.exec(raw.slice(column - 1))?.[0].length ?? 1;
}

/**
 * Where the syntax is broken nobody can tell what a line belongs to, so only a line that begins with a harmless
 * key of ours is shown.
 */
function isHarmless(raw: string): boolean {
  const match = /^[\s-]*([A-Za-z_]+)\s*:/.exec(raw);
  const key = match?.[1] ?? '';
  return allKeys().has(key) && !isSensitiveKey(key) && !/secret|token|password|\$\{|:\/\//i.test(raw);
}
