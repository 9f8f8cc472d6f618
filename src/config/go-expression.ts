/** A value of a Go template, in terms that can be written in Handlebars. */
export type Value =
  | { kind: 'path'; base: Base; parts: readonly string[]; type: GoType }
  | { kind: 'text'; text: string }
  | { kind: 'literal'; hbs: string }
  | { kind: 'call'; helper: string; args: readonly Value[] }
  /** Values one after the other, as `printf` and `print` make. */
  | { kind: 'series'; items: readonly Value[] };

/** Where a path begins: the event, the `.` of the nth open block, or a variable of a `range`. */
export type Base = { of: 'event' } | { of: 'block'; depth: number } | { of: 'variable'; name: string };

/** Structs of Flipt's event have Go field names; everything in the payload has the names of its JSON. */
export type GoType = 'event' | 'metadata' | 'actor' | 'json';

/** internal/server/audit/events.go: Event, Metadata, Actor. */
const fields: Readonly<
  Record<Exclude<GoType, 'json'>, Readonly<Record<string, readonly [name: string, type: GoType]>>>
> = {
  event: {
    Version: ['version', 'json'],
    Type: ['type', 'json'],
    Action: ['action', 'json'],
    Metadata: ['metadata', 'metadata'],
    Payload: ['payload', 'json'],
    Timestamp: ['timestamp', 'json'],
    Status: ['status', 'json'],
  },
  metadata: { Actor: ['actor', 'actor'] },
  actor: {
    Authentication: ['authentication', 'json'],
    IP: ['ip', 'json'],
    Email: ['email', 'json'],
    Name: ['name', 'json'],
    Picture: ['picture', 'json'],
  },
};

/** What `.` and the variables stand for where an expression is. */
export interface Scope {
  dot: Value;
  variables: ReadonlyMap<string, Value>;
}

export type Parsed = { ok: true; value: Value } | { ok: false; reason: string };

type Token = { kind: 'text' | 'number' | 'field' | 'variable' | 'word' | 'sign'; text: string };

/** Reads a Go template pipeline such as `.Payload.key | printf "%q"`. */
export function parsePipeline(source: string, scope: Scope): Parsed {
  const tokens = tokenize(source);
  if (tokens === undefined) return { ok: false, reason: 'it holds something that is no Go template' };
  return new PipelineParser(tokens, scope).parse();
}

function tokenize(source: string): Token[] | undefined {
  const tokens: Token[] = [];
  const pattern =
    /\s+|("(?:\\.|[^"\\])*")|(`[^`]*`)|(-?\d+(?:\.\d+)?)|((?:\.[\p{L}_][\p{L}\p{N}_]*)+|\.)|(\$[\p{L}\p{N}_]*)|([\p{L}_][\p{L}\p{N}_]*)|([()|])/uy;
  while (pattern.lastIndex < source.length) {
    const match = pattern.exec(source);
    if (match === null) return undefined;
    const [, quoted, raw, number, field, variable, word, sign] = match;
    if (quoted !== undefined) {
      const text = unquote(quoted);
      if (text === undefined) return undefined;
      tokens.push({ kind: 'text', text });
    } else if (raw !== undefined) tokens.push({ kind: 'text', text: raw.slice(1, -1) });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (field !== undefined) tokens.push({ kind: 'field', text: field });
    else if (variable !== undefined) tokens.push({ kind: 'variable', text: variable });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return tokens;
}

/** The escapes that Go and JSON have in common; others are rare enough to leave to a person. */
function unquote(quoted: string): string | undefined {
  try {
    const text: unknown = JSON.parse(quoted);
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined; // An escape of Go's own.
  }
}

class PipelineParser {
  readonly #tokens: readonly Token[];
  readonly #scope: Scope;
  #at = 0;
  #reason = '';

  constructor(tokens: readonly Token[], scope: Scope) {
    this.#tokens = tokens;
    this.#scope = scope;
  }

  parse(): Parsed {
    const value = this.#pipeline();
    if (value !== undefined && this.#at === this.#tokens.length) return { ok: true, value };
    return { ok: false, reason: this.#reason === '' ? 'it is not understood' : this.#reason };
  }

  #fail(reason: string): undefined {
    if (this.#reason === '') this.#reason = reason;
    return undefined;
  }

  #takes(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.#at += 1;
    return true;
  }

  #pipeline(): Value | undefined {
    let value = this.#command();
    while (value !== undefined && this.#takes('|')) value = this.#command(value);
    return value;
  }

  /** A function with its arguments, of which a pipe gives the last; or a single operand. */
  #command(piped?: Value): Value | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' || ['true', 'false', 'nil'].includes(token.text)) {
      const operand = this.#operand();
      return piped === undefined ? operand : this.#fail('it pipes into something that is no function');
    }
    this.#at += 1;
    const args: Value[] = [];
    for (let next = this.#tokens[this.#at]; next !== undefined; next = this.#tokens[this.#at]) {
      if (next.kind === 'sign' && next.text !== '(') break;
      const arg = this.#operand();
      if (arg === undefined) return undefined;
      args.push(arg);
    }
    if (piped !== undefined) args.push(piped);
    return this.#call(token.text, args);
  }

  #operand(): Value | undefined {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    switch (token?.kind) {
      case 'text':
        return { kind: 'text', text: token.text };
      case 'number':
        return { kind: 'literal', hbs: token.text };
      case 'field':
        return this.#select(this.#scope.dot, token.text);
      case 'variable': {
        const value = this.#scope.variables.get(token.text);
        if (value === undefined) return this.#fail(`the variable ${token.text} is not known`);
        return this.#followedBy(value);
      }
      case 'word':
        if (token.text === 'nil') return { kind: 'literal', hbs: 'null' };
        if (token.text === 'true' || token.text === 'false') return { kind: 'literal', hbs: token.text };
        // A function without arguments, such as inside an argument list.
        return this.#fail(`${token.text} cannot stand here`);
      case 'sign': {
        if (token.text !== '(') return this.#fail(`${token.text} cannot stand here`);
        const inner = this.#pipeline();
        if (inner === undefined) return undefined;
        return this.#takes(')') ? this.#followedBy(inner) : this.#fail('a parenthesis is not closed');
      }
      default:
        return this.#fail('something is missing');
    }
  }

  /** `$x.field` and `(…).field`. */
  #followedBy(value: Value): Value | undefined {
    const next = this.#tokens[this.#at];
    if (next?.kind !== 'field' || next.text === '.') return value;
    this.#at += 1;
    return this.#select(value, next.text);
  }

  #select(value: Value, chain: string): Value | undefined {
    if (chain === '.') return value;
    let selected: Value = value;
    for (const name of chain.slice(1).split('.')) {
      if (selected.kind !== 'path')
        return this.#fail(`the field .${name} is read from something that is computed`);
      const known: readonly [string, GoType] | undefined =
        selected.type === 'json' ? [name, 'json'] : fields[selected.type][name];
      if (known === undefined) return this.#fail(`Flipt's event has no field .${name} there`);
      selected = { ...selected, parts: [...selected.parts, known[0]], type: known[1] };
    }
    return selected;
  }

  #call(name: string, args: readonly Value[]): Value | undefined {
    const [first, second] = args;
    switch (name) {
      case 'toJson':
        return args.length === 1
          ? { kind: 'call', helper: 'toJson', args }
          : this.#fail('toJson takes one value');
      case 'index':
        return this.#index(args);
      case 'printf':
        return first?.kind === 'text'
          ? this.#printf(first.text, args.slice(1))
          : this.#fail('printf needs its format as text');
      case 'print':
        return { kind: 'series', items: args };
      case 'urlquery':
        return { kind: 'call', helper: 'urlencode', args };
      case 'not':
      case 'and':
      case 'or':
        // One value alone is its own `and` and `or`; Handlebars' helpers want two.
        if (name !== 'not' && args.length === 1) return first;
        return { kind: 'call', helper: name, args };
      case 'ne':
        return args.length === 2 ? { kind: 'call', helper: 'ne', args } : this.#fail('ne takes two values');
      case 'eq': {
        if (first === undefined || second === undefined) return this.#fail('eq takes two values');
        // Go's eq compares the first with any of the others.
        const tests = args
          .slice(1)
          .map((other): Value => ({ kind: 'call', helper: 'eq', args: [first, other] }));
        return tests.length === 1 ? tests[0] : { kind: 'call', helper: 'or', args: tests };
      }
      case 'len':
        return first?.kind === 'path' && first.type === 'json' && args.length === 1
          ? { ...first, parts: [...first.parts, 'length'] }
          : this.#fail('len is only known of a list in the payload');
      default:
        return this.#fail(`the function ${name} has no counterpart`);
    }
  }

  #index(args: readonly Value[]): Value | undefined {
    let [value, ...keys] = args;
    if (value === undefined) return this.#fail('index needs a value');
    for (const key of keys) {
      if (
        value.kind === 'path' &&
        (key.kind === 'text' || (key.kind === 'literal' && /^\d+$/.test(key.hbs)))
      ) {
        value = { ...value, parts: [...value.parts, key.kind === 'text' ? key.text : key.hbs], type: 'json' };
      } else value = { kind: 'call', helper: 'lookup', args: [value, key] };
    }
    return value;
  }

  #printf(format: string, args: readonly Value[]): Value | undefined {
    const items: Value[] = [];
    let used = 0;
    let end = 0;
    for (const match of format.matchAll(/%(.?)/gsu)) {
      if (match.index > end) items.push({ kind: 'text', text: format.slice(end, match.index) });
      end = match.index + match[0].length;
      const verb = match[1] ?? '';
      if (verb === '%') {
        items.push({ kind: 'text', text: '%' });
        continue;
      }
      const arg = args[used];
      used += 1;
      if (arg === undefined || !'svdtq'.includes(verb) || verb === '')
        return this.#fail(`printf with %${verb} has no counterpart`);
      items.push(verb === 'q' ? { kind: 'call', helper: 'toJson', args: [arg] } : arg);
    }
    if (end < format.length) items.push({ kind: 'text', text: format.slice(end) });
    if (used !== args.length) return this.#fail('printf has more values than its format');
    return items.length === 1 ? items[0] : { kind: 'series', items };
  }
}
