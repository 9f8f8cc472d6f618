/** A request once it was let in: the parts of its path, its query, and for POST its body. */
export interface AdminRequest {
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  /** Parsed JSON; undefined when there is none. */
  body: unknown;
}
