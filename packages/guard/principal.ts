import { parseAccessToken } from '@latchkey/access';
import type { AccessTokenRef, Principal } from '@latchkey/contracts';

interface Admitted {
  readonly principal: Principal;
  readonly credential: string;
}

/** Kept beside the requests, not on them: nothing that parses a request can write here. */
const admitted = new WeakMap<object, Admitted>();

export function setPrincipal(request: object, principal: Principal, credential: string): void {
  admitted.set(request, { principal, credential });
}

/** @throws Error on a request that no check has allowed: asking there is a mistake in the program. */
export const principalOf = (request: object): Principal => admittedIn(request).principal;

/**
 * The access token that the check has let through: for a service that asks the token's subjects again before it does what cannot be undone.
 * Null: the call was made with another kind of credential.
 * @throws Error as `principalOf`
 */
export function accessTokenOf(request: object): AccessTokenRef | null {
  const { principal, credential } = admittedIn(request);
  return principal.kind === 'client' ? (parseAccessToken(credential)?.token ?? null) : null;
}

function admittedIn(request: object): Admitted {
  const found = admitted.get(request);
  if (found === undefined) throw new Error('this route has no principal: it has no @Requires');
  return found;
}
