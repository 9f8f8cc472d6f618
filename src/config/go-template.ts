import { parsePipeline } from './go-expression.ts';
import type { Scope, Value } from './go-expression.ts';

/** Something that could not be translated, by its place in the Go template. */
export interface TemplateNote {
  offset: number;
  length: number;
  message: string;
}

export interface Translation {
  text: string;
  notes: TemplateNote[];
}

interface Block {
  /** `lost`: its beginning could not be translated, so its end is left out as well. */
  kind: 'if' | 'each' | 'with' | 'lost';
  scope: Scope;
  /** Number of blocks around it that change what `this` is. */
  depth: number;
}

/** An action with its trim marks; a `}}` inside of quotes does not end it. */
const action =
  /\{\{(-(?=\s))?((?:"(?:\\.|[^"\\\n])*"|`[^`]*`|\/\*[^]*?\*\/|[^"`}]|\}(?!\}))*?)((?<=\s)-)?\}\}/g;

const event: Value = { kind: 'path', base: { of: 'event' }, parts: [], type: 'event' };

/**
 * Translates a body template of Flipt (Go's text/template with the one function `toJson`) into Handlebars.
 * What has no counterpart becomes a comment that holds the original.
 */
export function translateGoTemplate(source: string): Translation {
  return new Translator(source).run();
}

class Translator {
  readonly #source: string;
  readonly #notes: TemplateNote[] = [];
  readonly #blocks: Block[] = [];
  #scope: Scope = { dot: event, variables: new Map([['$', event]]) };
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): Translation {
    let text = '';
    let end = 0;
    for (const match of this.#source.matchAll(action)) {
      text += plain(this.#source.slice(end, match.index), true);
      end = match.index + match[0].length;
      const translated = this.#action(match[2]?.trim() ?? '', match.index, match[0].length);
      text += trimmed(translated, match[1] !== undefined, match[3] !== undefined);
    }
    const rest = this.#source.slice(end);
    if (rest.includes('{{')) this.#note(end + rest.indexOf('{{'), 2, '`{{` is never closed');
    return { text: text + plain(rest, false), notes: this.#notes };
  }

  #note(offset: number, length: number, message: string): void {
    this.#notes.push({ offset, length, message });
  }

  #lose(original: string, offset: number, length: number, reason: string): string {
    this.#note(offset, length, `\`${shorten(original)}\` cannot be translated: ${reason}`);
    return comment(`not translated: ${original}`);
  }

  #action(code: string, offset: number, length: number): string {
    if (code.startsWith('/*')) return comment(code.slice(2, -2).trim());
    const [, keyword = '', rest = ''] =
      /^(if|range|with|else|end|define|template|block|break|continue)\b\s*([^]*)$/.exec(code) ?? [];
    const lose = (reason: string): string => this.#lose(code, offset, length, reason);
    switch (keyword) {
      case 'if':
      case 'with':
      case 'range':
        return this.#open(keyword, rest, lose);
      case 'else':
        return this.#else(rest, lose);
      case 'end':
        return this.#end(lose);
      case '':
        return this.#output(code, lose);
      default:
        // A define and a block have an end of their own.
        if (keyword === 'define' || keyword === 'block') this.#push('lost');
        return lose(`${keyword} has no counterpart`);
    }
  }

  #output(code: string, lose: (reason: string) => string): string {
    const assigned = /^(\$[\p{L}\p{N}_]+)\s*:?=\s*([^]+)$/u.exec(code);
    const parsed = parsePipeline(assigned?.[2] ?? code, this.#scope);
    if (!parsed.ok) return lose(parsed.reason);
    if (assigned === null) return output(parsed.value, this.#depth);
    this.#scope = {
      ...this.#scope,
      variables: new Map([...this.#scope.variables, [assigned[1] ?? '', parsed.value]]),
    };
    return '';
  }

  #push(kind: Block['kind']): void {
    this.#blocks.push({ kind, scope: this.#scope, depth: this.#depth });
  }

  #open(keyword: 'if' | 'with' | 'range', rest: string, lose: (reason: string) => string): string {
    const variables = /^(\$[\p{L}\p{N}_]+)\s*(?:,\s*(\$[\p{L}\p{N}_]+)\s*)?:=\s*([^]+)$/u.exec(rest);
    const parsed = parsePipeline(variables?.[3] ?? rest, this.#scope);
    const isRange = keyword === 'range';
    if (!parsed.ok || (variables !== null && !isRange) || parsed.value.kind === 'series') {
      this.#push('lost');
      return lose(parsed.ok ? 'a variable in a condition has no counterpart' : parsed.reason);
    }
    const { value } = parsed;
    this.#push(isRange ? 'each' : keyword);
    const written = argument(value, this.#depth);
    if (keyword === 'if') return `{{#if ${written}}}`;
    this.#depth += 1;
    const type = value.kind === 'path' && !isRange ? value.type : 'json';
    const dot: Value = { kind: 'path', base: { of: 'block', depth: this.#depth }, parts: [], type };
    const [, first, second] = variables ?? [];
    // `range $value :=` has the value alone, `range $key, $value :=` both; Handlebars has them the other way.
    const names = [second ?? first, second === undefined ? undefined : first].flatMap((name) => name ?? []);
    const known = new Map(this.#scope.variables);
    for (const name of names)
      known.set(name, {
        kind: 'path',
        base: { of: 'variable', name: name.slice(1) },
        parts: [],
        type: 'json',
      });
    this.#scope = { dot, variables: known };
    const params = names.length === 0 ? '' : ` as |${names.map((name) => name.slice(1)).join(' ')}|`;
    return isRange ? `{{#each ${written}${params}}}` : `{{#with ${written}}}`;
  }

  #else(rest: string, lose: (reason: string) => string): string {
    const block = this.#blocks.at(-1);
    if (block === undefined) return lose('there is nothing open');
    this.#scope = block.scope;
    this.#depth = block.depth;
    if (block.kind === 'lost') return comment('not translated: else');
    if (rest === '') return '{{else}}';
    const condition = /^if\s+([^]+)$/.exec(rest)?.[1];
    const parsed = condition === undefined ? undefined : parsePipeline(condition, this.#scope);
    if (parsed?.ok !== true) return lose(parsed === undefined ? 'only `else if` is known' : parsed.reason);
    return `{{else if ${argument(parsed.value, this.#depth)}}}`;
  }

  #end(lose: (reason: string) => string): string {
    const block = this.#blocks.pop();
    if (block === undefined) return lose('there is nothing open');
    this.#scope = block.scope;
    this.#depth = block.depth;
    return block.kind === 'lost' ? comment('not translated: end') : `{{/${block.kind}}}`;
  }
}

/** Text between actions; a backslash before `{{` would make Handlebars take it as it is. */
function plain(text: string, isBeforeAction: boolean): string {
  return isBeforeAction && text.endsWith('\\') ? `${text}\\` : text;
}

function trimmed(translated: string, left: boolean, right: boolean): string {
  if (!left && !right) return translated;
  // An action that became text or nothing still trims what is around it.
  const whole = /^\{\{[^]*\}\}$/.test(translated) ? translated : `{{!}}${translated}{{!}}`;
  const start = left ? whole.replace(/^\{\{/, '{{~') : whole;
  return right ? start.replace(/\}\}$/, '~}}') : start;
}

function comment(text: string): string {
  return `{{!-- ${text.replaceAll('--}}', '-- }}')} --}}`;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function output(value: Value, depth: number): string {
  if (value.kind === 'text') return value.text;
  if (value.kind === 'series') return value.items.map((item) => output(item, depth)).join('');
  const written = argument(value, depth);
  return `{{${value.kind === 'call' ? written.slice(1, -1) : written}}}`;
}

/** A value as a parameter of a helper. */
function argument(value: Value, depth: number): string {
  const call = (helper: string, args: readonly Value[]): string =>
    `(${[helper, ...args.map((arg) => argument(arg, depth))].join(' ')})`;
  if (value.kind === 'text') return quote(value.text);
  if (value.kind === 'literal') return value.hbs;
  if (value.kind === 'path') return path(value, depth);
  return value.kind === 'call' ? call(value.helper, value.args) : call('concat', value.items);
}

function quote(text: string): string {
  return text.includes('"') && !text.includes("'") ? `'${text}'` : `"${text.replaceAll('"', '\\"')}"`;
}

function path({ base, parts }: Extract<Value, { kind: 'path' }>, depth: number): string {
  const written = parts
    .map((part) => (/^[A-Za-z_][\w-]*$/.test(part) && !isReserved(part) ? part : `[${part}]`))
    .join('.');
  if (base.of === 'event') {
    // The whole event as Flipt knows it is what it sent.
    return `${depth === 0 ? '' : '@root.'}${parts.length === 0 ? 'raw' : written}`;
  }
  if (base.of === 'variable') return parts.length === 0 ? base.name : `${base.name}.${written}`;
  const up = '../'.repeat(depth - base.depth);
  if (parts.length === 0) return `${up}this`;
  // `this.` keeps a field from being taken for a helper of the same name.
  return up === '' ? `this.${written}` : up + written;
}

function isReserved(part: string): boolean {
  return ['this', 'true', 'false', 'null', 'undefined', 'else', 'as'].includes(part);
}
