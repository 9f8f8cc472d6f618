/** First of the private-use characters that can stand in for a brace while Handlebars reads the text. */
const firstStandIn = 0xe000;

export interface Separated {
  /** The text for Handlebars, of the same length, so that its lines and columns are those of the original. */
  text: string;
  /** Turns the text's content back into what was written. */
  restore: (content: string) => string;
}

/**
 * Makes `{"payload": {{toJson payload}}}` readable. Handlebars takes three closing braces for the end of a
 * `{{{raw}}}` expression, and four for that of a raw block, and fails; here a brace that directly follows the end
 * of an expression becomes a stand-in character until the text is parsed.
 */
export function separateBraces(text: string): Separated {
  const found = closingBraces(text);
  if (found.length === 0) return { text, restore: (content) => content };
  const standIn = unusedCharacter(text);
  let result = '';
  let from = 0;
  for (const at of found) {
    result += text.slice(from, at) + standIn;
    from = at + 1;
  }
  return { text: result + text.slice(from), restore: (content) => content.replaceAll(standIn, '}') };
}

/** Offsets of every brace that directly follows an expression and would be taken for a part of it. */
function closingBraces(text: string): number[] {
  const found: number[] = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf('{{', at);
    if (open < 0 || text.startsWith('{{{{', open)) return found; // raw blocks are refused later
    // `\{{` is literal text up to the next expression; `\\{{` is a backslash and then an expression.
    if (text[open - 1] === '\\' && text[open - 2] !== '\\') {
      at = open + 2;
      continue;
    }
    const end = expressionEnd(text, open);
    if (end === undefined) return found;
    // Three would end a raw expression, and four a raw block.
    const isRaw = text[open + 2] === '{';
    if (text.startsWith(isRaw ? '}}}}' : '}}}', end - (isRaw ? 3 : 2))) found.push(end);
    at = end;
  }
}

/** The offset after the expression that opens at `open`; undefined when it never closes. */
function expressionEnd(text: string, open: number): number | undefined {
  const comment = /\{\{~?!(--)?/y;
  comment.lastIndex = open;
  const isComment = comment.exec(text);
  const closing = isComment === null ? undefined : isComment[1] === undefined ? /\}\}/g : /--~?\}\}/g;
  if (closing !== undefined) {
    closing.lastIndex = comment.lastIndex;
    return closing.exec(text) === null ? undefined : closing.lastIndex;
  }
  const raw = text[open + 2] === '{' || text.startsWith('{{~{', open);
  const token = /"(?:\\"|[^"])*"|'(?:\\'|[^'])*'|\[(?:\\\]|[^\]])*\]|\}~?\}\}|\}\}/g;
  token.lastIndex = open + 2;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [piece] = match;
    if (!piece.startsWith('}')) continue;
    if (raw && piece !== '}}') return token.lastIndex;
    if (!raw) return match.index + 2 + (piece === '}~}}' ? 2 : 0);
  }
  return undefined;
}

function unusedCharacter(text: string): string {
  for (let code = firstStandIn; ; code += 1) {
    const char = String.fromCharCode(code);
    if (!text.includes(char)) return char;
  }
}
