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
  const shown = characters(text);
  return shown.length <= width ? text : `${shown.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** What a person sees as one character each; an emoji may be made of several code points. */
export function characters(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

const segmenter = new Intl.Segmenter();

function escaped(char: string): string {
  // Formatting characters without effect on their own, such as the joiner inside an emoji.
  if (char === '\u200d' || char === '\ufe0f') return char;
  return `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}
