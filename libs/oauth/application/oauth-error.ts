/** Codes of RFC 6749 §5.2, of RFC 7009 §2.2.1 and RFC 6750 §3.1, and what any endpoint may have to say besides. */
export type OauthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'unsupported_token_type'
  | 'invalid_token'
  | 'insufficient_scope'
  /** Not in §5.2: what RFC 6749 §4.1.2.1 calls it when there are too many requests, a part of the service is away, or it is at fault. */
  | 'temporarily_unavailable'
  | 'server_error';

const STATUS: Readonly<Record<OauthErrorCode, number>> = {
  invalid_request: 400,
  invalid_client: 401,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  unsupported_token_type: 400,
  invalid_token: 401,
  // At introspection, the one place that has it (RFC 7662 §2.3).
  insufficient_scope: 401,
  temporarily_unavailable: 503,
  server_error: 500,
};

export interface OauthErrorOptions {
  /** Other than that of the code. */
  readonly status?: number;
  /** When trying again makes sense, in whole seconds. */
  readonly retryAfterSeconds?: number;
}

/** An endpoint of OAuth refuses a request. Everything in it may be shown to the client. */
export class OauthError extends Error {
  override readonly name = 'OauthError';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  /** @param description in ASCII without `"` and `\` (RFC 6749 §5.2) */
  constructor(
    readonly error: OauthErrorCode,
    readonly description: string,
    { status = STATUS[error], retryAfterSeconds }: OauthErrorOptions = {},
  ) {
    super(`${error}: ${description}`);
    this.status = status;
    this.headers = {
      // RFC 9110 §11.6.1: a 401 names a scheme.
      ...(status === 401 && { 'www-authenticate': challengeOf(error) }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    };
  }
}

/** Of the scheme that was tried; else Basic, which is the one that every client knows (RFC 6749 §2.3.1). */
const challengeOf = (error: OauthErrorCode): string =>
  error === 'invalid_token' || error === 'insufficient_scope'
    ? `Bearer error="${error}"`
    : 'Basic realm="oauth", charset="UTF-8"';
