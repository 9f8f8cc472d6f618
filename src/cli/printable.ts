/**
 * Text from outside (events, replies, headers) made harmless for a terminal: no control character that could
 * move the cursor or colour the screen gets through. Line breaks and tabs stay.
 */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{C}\n\t]/gu, escaped);
}

/** As {@link printable}, on one line. */
export function printableLine(text: string): string {
  return text.replaceAll(/\p{C}/gu, escaped);
}

/** Cut to `width` characters, the last of which says so. */
export function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** A URL as it may be shown: scheme and host, since its path, query and user info are secrets. */
export function maskedUrl(url: string): string {
  const { protocol, host, pathname, search } = new URL(url);
  return `${protocol}//${host}/${pathname === '/' && search === '' ? '' : '…'}`;
}

function escaped(char: string): string {
  // Formatting characters without effect on their own, such as the joiner inside an emoji.
  if (char === '\u200d' || char === '\ufe0f') return char;
  return `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
