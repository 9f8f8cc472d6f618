/** The first place where a text stops being JSON; the message never repeats what stands there. */
export interface JsonError {
  offset: number;
  message: string;
}

type Expect = 'value' | 'item' | 'firstItem' | 'key' | 'firstKey' | 'colon' | 'comma' | 'end';

const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
// oxlint-disable-next-line no-control-regex
const stringStart = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;

/** Finds what is wrong with a text that is no JSON (RFC 8259), in words for whoever wrote its template. */
export function findJsonError(text: string): JsonError | undefined {
  const open: ('{' | '[')[] = [];
  let expect: Expect = 'value';
  let comma = 0;
  let at = 0;
  for (;;) {
    while (/[ \t\r\n]/.test(text[at] ?? '')) at += 1;
    const char = text[at];
    if (char === undefined) {
      if (expect === 'end') return undefined;
      const wanted = open.at(-1) === '[' ? ']' : '}';
      return { offset: at, message: open.length === 0 ? 'it is empty' : `the closing ${wanted} is missing` };
    }
    if (expect === 'end') return { offset: at, message: 'something follows after its end' };
    if ((expect === 'key' || expect === 'item') && (char === '}' || char === ']')) {
      return { offset: comma, message: 'there is a comma after the last element' };
    }
    if (expect === 'colon') {
      if (char !== ':') return { offset: at, message: 'a colon is missing after a key' };
      expect = 'value';
      at += 1;
    } else if (expect === 'comma') {
      if (char === ',') {
        comma = at;
        expect = open.at(-1) === '[' ? 'item' : 'key';
      } else if (closes(char)) {
        open.pop();
        expect = settled();
      } else {
        const isClosing = char === '}' || char === ']';
        return {
          offset: at,
          message: isClosing ? `${char} does not close what was opened` : 'a comma is missing before this',
        };
      }
      at += 1;
    } else if ((expect === 'firstKey' && char === '}') || (expect === 'firstItem' && char === ']')) {
      open.pop();
      expect = settled();
      at += 1;
    } else if (char === '"') {
      stringStart.lastIndex = at;
      const length = stringStart.exec(text)?.[0].length ?? 1;
      const next = text[at + length];
      if (next === undefined) return { offset: at, message: 'a string is never closed' };
      if (next === '\\')
        return { offset: at + length, message: 'a backslash in a string begins no known escape' };
      if (next !== '"')
        return { offset: at + length, message: 'a string holds a line break or another control character' };
      at += length + 1;
      if (expect === 'key' || expect === 'firstKey') expect = 'colon';
      else expect = settled();
    } else if (expect === 'key' || expect === 'firstKey') {
      return { offset: at, message: 'a key must stand in double quotes' };
    } else if (char === '{' || char === '[') {
      open.push(char);
      expect = char === '{' ? 'firstKey' : 'firstItem';
      at += 1;
    } else {
      scalar.lastIndex = at;
      const match = scalar.exec(text);
      if (match === null) {
        const isMissing = char === ',' || char === '}' || char === ']';
        return {
          offset: at,
          message: isMissing ? 'a value is missing before this' : 'a text must stand in double quotes',
        };
      }
      at = scalar.lastIndex;
      expect = settled();
    }
  }

  /** What follows a value. */
  function settled(): Expect {
    return open.length === 0 ? 'end' : 'comma';
  }

  function closes(char: string): boolean {
    return char === (open.at(-1) === '[' ? ']' : '}');
  }
}
