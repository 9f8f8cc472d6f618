/** How values must be written in a body, by the sink's Content-Type. */
export type BodyFormat = 'json' | 'form' | 'markup' | 'text';

/** `application/json`, `application/cloudevents+json; charset=utf-8` → `json`; HTML and XML → `markup`. */
export function bodyFormat(contentType: string): BodyFormat {
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  if (/^[^/]+\/(json|x-ndjson|[^/]+\+json)$/.test(type)) return 'json';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  if (/^[^/]+\/(html|xml|[^/]+\+xml)$/.test(type)) return 'markup';
  return 'text';
}
