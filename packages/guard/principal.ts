import type { Principal } from '@latchkey/contracts';

/** Kept beside the requests, not on them: nothing that parses a request can write here. */
const principals = new WeakMap<object, Principal>();

export function setPrincipal(request: object, principal: Principal): void {
  principals.set(request, principal);
}

/** @throws Error on a request that no check has allowed: asking there is a mistake in the program. */
export function principalOf(request: object): Principal {
  const principal = principals.get(request);
  if (principal === undefined) throw new Error('this route has no principal: it has no @Requires');
  return principal;
}
