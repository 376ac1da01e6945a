import type { ShownByClient } from '@latchkey/access';
import { OauthError } from './oauth-error';
import type { AuthenticationMethod } from './shown-credentials';

/** Why a client is not authenticated: the true reason for the record, and what the client is told. */
export interface Refusal {
  readonly kind: 'refused';
  readonly outcome: string;
  readonly error: OauthError;
  readonly method: AuthenticationMethod | null;
  /** Whose what was shown is, as far as that is certain. */
  readonly shown: ShownByClient | null;
}

export const refusal = (
  outcome: string,
  error: OauthError,
  method: AuthenticationMethod | null = null,
  shown: ShownByClient | null = null,
): Refusal => ({ kind: 'refused', outcome, error, method, shown });

/** One answer for all that is wrong with a client, so that it tells nothing (C17). */
export const invalidClient = (): OauthError => new OauthError('invalid_client', 'Client authentication failed.');

export const tooManyRequests = (retryAfterSeconds: number): OauthError =>
  new OauthError('temporarily_unavailable', 'Too many requests.', { status: 429, retryAfterSeconds });

export const unavailable = (): OauthError =>
  new OauthError('temporarily_unavailable', 'The client cannot be checked right now.', { retryAfterSeconds: 1 });
