/** Visits every node of a program, parents first. */
export function forEachNode(node: hbs.AST.Node, visit: (node: hbs.AST.Node) => void): void {
  visit(node);
  for (const [key, child] of Object.entries(node)) {
    if (key === 'loc') continue;
    if (Array.isArray(child)) {
      for (const item of child as unknown[]) if (isNode(item)) forEachNode(item, visit);
    } else if (isNode(child)) {
      forEachNode(child, visit);
    }
  }
}

function isNode(value: unknown): value is hbs.AST.Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
