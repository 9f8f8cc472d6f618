import { bad, good, setting } from './setting.ts';

/** RFC 9110 §5.1: a header name is a token. */
export function isHeaderName(value: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(value);
}

/** Why a text cannot be a header value (RFC 9110 §5.5), or undefined. */
export function headerValueFault(value: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) return 'holds control characters or a line break';
  return /[^\t\u0020-\u00ff]/.test(value)
    ? 'holds characters beyond Latin-1, which no header may have'
    : undefined;
}

/** The value of one request header. */
export const headerValue = setting(
  (value) => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      return bad('wrong_type', 'must be text');
    }
    const fault = headerValueFault(String(value));
    return fault === undefined
      ? good(String(value))
      : bad(
          'bad_header',
          fault,
          fault.startsWith('holds control')
            ? 'a secret file may hold more than one line'
            : 'encode it, for example as `%F0%9F%8E%89`',
        );
  },
  { kind: 'text', type: ['string', 'number', 'boolean'], description: 'Value of the header.', secret: true },
);
