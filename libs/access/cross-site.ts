/** What a call says of the page that made it. */
export interface CallingPage {
  /** Undefined: not told. */
  readonly method: string | undefined;
  /** Every value that was sent of each header. */
  readonly secFetchSite: readonly string[];
  readonly origin: readonly string[];
  /** Host, with the port where it is not the scheme's own, that the call was made to; undefined: not told. */
  readonly host: string | undefined;
}

/** RFC 9110 §9.2.1: they change nothing. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** As `Sec-Fetch-Site` has them (W3C Fetch Metadata §2.4): a page of the same origin, or a person who typed the address. */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none']);

/**
 * Whether a page of another origin may have made this call in the name of its visitor, whose browser sends the cookie by itself. A method
 * that changes something is taken only from pages of the service's own origin and of `trusted` ones. A caller that tells neither
 * `Sec-Fetch-Site` nor `Origin` is no browser, so nobody's cookie is in its hands but its own.
 *
 * The scheme of the origin is not compared: behind a proxy that ends TLS a service does not know its own.
 * @param trusted origins as browsers write them (`https://console.example.com`)
 */
export function isCrossSite(call: CallingPage, trusted: readonly string[] = []): boolean {
  const { method, secFetchSite, origin } = call;
  if (method !== undefined && SAFE_METHODS.has(method.toUpperCase())) return false;
  if (origin.length > 0 && origin.every((each) => trusted.includes(each))) return false;
  if (secFetchSite.length > 0) return !secFetchSite.every((site) => OWN_SITES.has(site));
  return origin.length > 0 && !origin.every((each) => isOwn(each, call.host));
}

function isOwn(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: hostOfOrigin } = new URL(origin);
  if (protocol !== 'https:' && protocol !== 'http:') return false;
  const own = `${protocol}//${host}`;
  // A host that holds more than one is a stranger's words.
  return /^[A-Za-z0-9.:[\]-]+$/.test(host) && URL.canParse(own) && new URL(own).host === hostOfOrigin;
}
