import type { Positions } from './generate.ts';

/** What could leave the string it stands in, or not stand in one. */
// oxlint-disable-next-line no-control-regex -- these are what JSON forbids in a string
const notInString = /[\u0000-\u001f"\\]/;

/**
 * Whether a template's body is JSON whatever the values are, so that it need not be parsed after each rendering
 * (a parse costs as much as the rendering). True only where it can be shown: values stand in strings, where they
 * are escaped, or are whole JSON values; blocks stay within one string. That a value stands where any JSON value
 * may stand is shown by parsing the text once with strings and once with numbers in their place: `{ {{x}}: 1 }`
 * fails with a number, `1{{x}}` with a string.
 */
export function isAlwaysJson(program: hbs.AST.Program, positions: Positions): boolean {
  return ['"x"', '0'].every((value) => {
    const text = withValues(program, positions, value);
    if (text === undefined) return false;
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  });
}

function withValues(program: hbs.AST.Program, positions: Positions, value: string): string | undefined {
  let text = '';
  for (const statement of program.body) {
    switch (statement.type) {
      case 'ContentStatement':
        text += (statement as hbs.AST.ContentStatement).value;
        break;
      case 'CommentStatement':
        break;
      case 'MustacheStatement':
        if (!(statement as hbs.AST.MustacheStatement).escaped) return undefined;
        text += positions.get(statement) === 'value' ? value : 'x';
        break;
      case 'BlockStatement':
        if (!staysInString(statement, positions)) return undefined;
        text += 'x';
        break;
      default:
        return undefined;
    }
  }
  return text;
}

/** True for what begins inside a string and holds nothing that could end it. */
function staysInString(node: hbs.AST.Node, positions: Positions): boolean {
  switch (node.type) {
    case 'ContentStatement':
      return !notInString.test((node as hbs.AST.ContentStatement).value);
    case 'CommentStatement':
      return true;
    case 'MustacheStatement':
      return (node as hbs.AST.MustacheStatement).escaped && positions.get(node) === 'inside';
    case 'BlockStatement': {
      const { program, inverse } = node as hbs.AST.BlockStatement;
      // Handlebars types both as always there.
      const branches = [program, inverse] as Array<hbs.AST.Program | undefined>;
      const statements = branches.flatMap((branch) => branch?.body ?? []);
      // Only a value tells where the block stands; one without any is not worth the proof.
      const hasValue = statements.some((one) => one.type !== 'ContentStatement');
      return hasValue && statements.every((one) => staysInString(one, positions));
    }
    default:
      return false;
  }
}
