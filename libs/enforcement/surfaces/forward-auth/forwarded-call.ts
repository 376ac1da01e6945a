import { extractCredential, headersOf, cookiesOf, isCrossSite, maskKeys, type CredentialForm } from '@latchkey/access';
import { USER_AGENT_LENGTH_MAX, type CheckRequest } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';

/** A call that a proxy holds back until it knows whether it may pass. */
export interface ForwardedCall {
  /** Empty: none. */
  readonly credential: string;
  /** For the record, without secrets. */
  readonly about: Pick<CheckRequest, 'method' | 'path' | 'user_agent'>;
}

/** What says the method and the address of the call: Traefik's and Caddy's way, and nginx's. */
const METHOD = ['x-forwarded-method', 'x-original-method'];
const ADDRESS = ['x-forwarded-uri', 'x-original-uri'];
/** What says the host that it was made to, where the proxy asks under a name of its own. */
const HOST = ['x-forwarded-host'];

const PATH_LENGTH_MAX = 2_000;
/** No credential has this shape, so the check counts and records an attempt with an unknown one. */
const MALFORMED = '-';

/**
 * @param rawHeaders of the request that the proxy makes, as Node has them: those of the call and the proxy's own
 * @param trustedOrigins whose pages may make calls with the session's cookie, besides those of the call's own host
 * @throws AppError `request.multiple_credentials` (C4); `auth.cross_site`; `request.invalid` when two headers tell different calls: one of them is not the
 * proxy's
 */
export function forwardedCall(
  rawHeaders: readonly string[],
  forms: readonly CredentialForm[],
  trustedOrigins: readonly string[],
): ForwardedCall {
  const headers = headersOf(rawHeaders);
  const method = told(headers, METHOD);
  const address = told(headers, ADDRESS);
  const [path = '', query = ''] = address?.split(/[?#](.*)/s) ?? [];
  const userAgent = headers['user-agent']?.[0];
  const found = extractCredential(
    {
      headers,
      cookies: cookiesOf(headers['cookie']),
      query: { token: new URLSearchParams(query).getAll('token') },
    },
    forms,
  );
  if (found.kind === 'multiple') throw new AppError('request.multiple_credentials');
  if (found.kind === 'found' && found.via === 'cookie') {
    const { origin = [], 'sec-fetch-site': secFetchSite = [] } = headers;
    const host = told(headers, HOST) ?? told(headers, ['host']);
    // A method that is not told may be one that changes something.
    if (isCrossSite({ method, origin, secFetchSite, host }, trustedOrigins)) throw new AppError('auth.cross_site');
  }
  return {
    credential: found.kind === 'found' ? found.credential.reveal() : found.kind === 'malformed' ? MALFORMED : '',
    about: {
      ...(method !== undefined && { method }),
      ...(address !== undefined && { path: maskKeys(path).slice(0, PATH_LENGTH_MAX) }),
      ...(userAgent !== undefined && { user_agent: userAgent.slice(0, USER_AGENT_LENGTH_MAX) }),
    },
  };
}

/** The one value of the headers `names`. */
function told(headers: Readonly<Record<string, readonly string[]>>, names: readonly string[]): string | undefined {
  const [value, ...others] = new Set(names.flatMap((name) => headers[name] ?? []));
  if (others.length === 0) return value;
  throw new AppError('request.invalid', { public: `These headers tell different calls: ${names.join(', ')}.` });
}
