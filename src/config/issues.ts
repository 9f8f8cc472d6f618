import type { z } from 'zod';
import { suggest } from '../core/suggest.ts';
import type { Checked } from './checked.ts';
import { quotable } from './excerpt.ts';
import { pointerOf } from './pointer.ts';
import type { Path } from './pointer.ts';
import type { SettingIssue } from './setting.ts';
import { isReferenceKey, unresolved } from './tree.ts';
import { knownKeys, sectionsWith } from './sections.ts';

/** Puts what the schema found into the report, in words for people and at its place. */
export function reportIssues(issues: readonly z.core.$ZodIssue[], config: Checked): void {
  const meant = new Set<string>();
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const section = writtenPath(issue.path, config);
    for (const key of issue.keys) {
      const near = reportUnknownKey([...section, key], config);
      if (near !== undefined) meant.add(pointerOf([...section, near]));
    }
  }
  for (const issue of issues) {
    const path = writtenPath(issue.path, config);
    // A mistyped key is not missing as well, and a missing variable was reported where it stands.
    if (config.tree.at(path) === unresolved || (meant.has(pointerOf(path)) && !config.isGiven(path)))
      continue;
    reportIssue(issue, path, config);
  }
}

/** The path as it is in the file: the only entry of a list may stand there without the list. */
function writtenPath(path: readonly PropertyKey[], config: Checked): Path {
  const parts = path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  while (typeof parts.at(-1) === 'number' && !Array.isArray(config.tree.at(parts.slice(0, -1)))) parts.pop();
  return parts;
}

function reportIssue(issue: z.core.$ZodIssue, path: Path, config: Checked): void {
  switch (issue.code) {
    case 'custom':
      reportSetting(issue.params?.['setting'] as SettingIssue, path, config);
      return;
    case 'unrecognized_keys':
      return;
    case 'invalid_union':
      reportSourceType(path, config);
      return;
    case 'invalid_type':
      reportShape(issue.expected, path, config);
      return;
    default:
      config.add(path, { code: 'invalid', message: `${label(path)} is not valid` });
  }
}

/** The last key of a path, as it is written in the file. */
function label(path: Path): string {
  const key = path.findLast((part) => typeof part === 'string');
  return key === undefined ? 'the config' : `\`${key}\``;
}

function reportSetting(issue: SettingIssue, path: Path, config: Checked): void {
  const value = config.tree.at(path);
  const isShown =
    !issue.secret &&
    config.tree.place(path)?.replaced !== true &&
    (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') &&
    value !== '';
  const subject = isShown ? `\`${quotable(String(value))}\`` : subjectOf(path);
  const target = issue.code === 'missing' && !config.tree.has(path) ? path.slice(0, -1) : path;
  config.add(target, {
    code: issue.code,
    message: issue.code === 'missing' ? `${label(path)} ${issue.message}` : `${subject} ${issue.message}`,
    hint: (isShown ? issue.valueHint : undefined) ?? issue.hint,
  });
}

function subjectOf(path: Path): string {
  return typeof path.at(-1) === 'number' ? `this entry of ${label(path)}` : label(path);
}

/** Returns the key that was probably meant. */
function reportUnknownKey(path: Path, config: Checked): string | undefined {
  const key = String(path.at(-1));
  const section = path.slice(0, -1);
  const type = config.tree.at([...section, 'type']);
  const near = suggest(key, knownKeys(section, type));
  const elsewhere = sectionsWith(key);
  let hint = `known here: ${knownKeys(section, type).join(', ')}`;
  if (isReferenceKey(key)) hint = 'variables are replaced in values, not in keys';
  else if (near !== undefined) hint = `did you mean \`${near}\`?`;
  else if (elsewhere !== undefined) hint = `\`${key}\` belongs ${elsewhere}`;
  config.add(path, { code: 'unknown_key', message: `unknown key \`${quotable(key)}\``, hint }, 'key');
  return near;
}

const sourceTypes = ['file', 'stdin', 'http'];

function reportSourceType(path: Path, config: Checked): void {
  const value = config.tree.at(path);
  const listed = 'one of `file`, `stdin`, `http`';
  if (value === undefined) {
    config.add(config.tree.has(path) ? path : path.slice(0, -1), {
      code: 'missing',
      message: '`type` is missing',
      hint: listed,
    });
    return;
  }
  const near = typeof value === 'string' ? suggest(value, sourceTypes) : undefined;
  const isShown = typeof value === 'string' && config.tree.place(path)?.replaced !== true;
  config.add(path, {
    code: 'bad_choice',
    message: `${isShown ? `\`${quotable(value)}\`` : '`type`'} is no type of source`,
    hint: near === undefined ? listed : `did you mean \`${near}\`? (${listed})`,
  });
}

function reportShape(expected: string, path: Path, config: Checked): void {
  const value = config.tree.at(path);
  const isMissing = value === undefined;
  const target = isMissing && !config.tree.has(path) ? path.slice(0, -1) : path;
  if (expected === 'array') {
    config.add(
      target,
      isMissing
        ? {
            code: 'missing',
            message: `${label(path)} is missing`,
            hint: 'a list whose entries begin with `- `',
          }
        : {
            code: 'wrong_type',
            message: `${label(path)} must be a list`,
            hint: 'begin each entry with `- `',
          },
    );
    return;
  }
  config.add(target, {
    code: isMissing ? 'missing' : 'wrong_type',
    message: `${subjectOf(path)} must be a map of settings`,
    hint: 'write `key: value` lines below it, indented with spaces',
  });
}
