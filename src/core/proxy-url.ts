/**
 * The HTTP proxy that a setting or a `*_PROXY` variable names, or undefined when it names none. As with curl, `http://` may
 * be left out and a path means nothing; user and password stay, for `Proxy-Authorization`.
 */
export function parseProxyUrl(written: string): URL | undefined {
  const text = written.trim();
  if (/[\s\p{Cc}]/u.test(text)) return undefined;
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || url.hostname === '' || !/^https?:$/.test(url.protocol)) return undefined;
  try {
    decodeURIComponent(url.username);
    decodeURIComponent(url.password);
  } catch {
    return undefined; // A `%` that is not written as `%25`: nobody could tell which password is meant.
  }
  url.pathname = '';
  url.search = '';
  url.hash = '';
  return url;
}
