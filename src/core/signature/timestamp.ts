/** Unix seconds of a header value, or undefined for anything but plain digits. */
export function parseTimestamp(text: string): number | undefined {
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}
