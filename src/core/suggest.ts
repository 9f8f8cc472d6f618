/**
 * The candidate a mistyped word was most likely meant to be, or undefined when none is near. Case does not
 * matter; a swap of neighbours counts as one edit; a word that is a whole part of one candidate also finds it
 * (`max_backoff` → `max_backoff_duration`).
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase();
  const allowed = typed.length <= 4 ? 1 : typed.length <= 8 ? 2 : 3;
  let best: { candidate: string; distance: number } | undefined;
  let containing: string | undefined;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const distance = editDistance(typed, known);
    if (distance <= allowed && distance < known.length && (best === undefined || distance < best.distance)) {
      best = { candidate, distance };
    }
    if (typed.length >= 3 && (hasPart(known, typed) || hasPart(typed, known))) containing ??= candidate;
  }
  return best?.candidate ?? containing;
}

/** `part` stands in `whole` between word borders (`_`, `-`, `.` or an end). */
function hasPart(whole: string, part: string): boolean {
  return (
    part.length >= 3 && `_${whole.replaceAll(/[-.]/g, '_')}_`.includes(`_${part.replaceAll(/[-.]/g, '_')}_`)
  );
}

/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
