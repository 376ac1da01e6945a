import type { Secret } from '@latchkey/kernel';
import { decodeJwt } from 'jose';
import type { ShownCredentials } from './shown-credentials';

/** Of our clients. Anything else is none, and no database need be asked for it. */
const CLIENT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Which client it says that it is; null where that can be none of ours. Anybody can say so. */
export function claimedClient(shown: ShownCredentials): string | null {
  if (shown.method === 'private_key_jwt') return clientOfAssertion(shown.assertion);
  return CLIENT_ID.test(shown.clientId) ? shown.clientId : null;
}

/** Whose an assertion says that it is, where issuer and subject are the same (RFC 7523 §3). */
export function clientOfAssertion(assertion: Secret): string | null {
  try {
    const { iss, sub } = decodeJwt(assertion.reveal());
    return typeof sub === 'string' && iss === sub && CLIENT_ID.test(sub) ? sub : null;
  } catch {
    return null;
  }
}
