import { hash } from 'node:crypto';

/** A UUID (RFC 9562, version 8) that is always the same for the same text. */
export function stableUuid(text: string): string {
  const hex = hash('sha256', text, 'hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
}

/** A positive 31-bit integer that is always the same for the same text; for receivers that want a row's id. */
export function stableInt(text: string): number {
  return Number.parseInt(hash('sha256', text, 'hex').slice(0, 8), 16) & 0x7fff_ffff || 1;
}
