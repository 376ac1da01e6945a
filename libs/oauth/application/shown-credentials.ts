import { Secret } from '@latchkey/kernel';
import { formDecoded, type Form } from './form';
import { OauthError } from './oauth-error';

/** RFC 7521 §4.2, RFC 7523 §2.2. */
export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export type AuthenticationMethod = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';

/** What a client shows to prove who it is. Nothing of it is proved. */
export type ShownCredentials =
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post';
      readonly clientId: string;
      readonly secret: Secret;
    }
  /** `clientId`: where it is sent beside the assertion, which names it too. */
  | { readonly method: 'private_key_jwt'; readonly clientId: string | undefined; readonly assertion: Secret };

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/**
 * Reads how a client authenticates itself (RFC 6749 §2.3, RFC 7521 §4.2).
 * @param authorization the header of that name
 * @returns null: it shows nothing, or something that is not for this
 * @throws OauthError `invalid_request`: more than one way at once (RFC 6749 §2.3), or half of one
 */
export function shownCredentials(form: Form, authorization: string | undefined): ShownCredentials | null {
  const secret = form.get('client_secret');
  const hasAssertion = form.has('client_assertion') || form.has('client_assertion_type');
  const ways = [authorization !== undefined, secret !== undefined, hasAssertion].filter(Boolean).length;
  if (ways > 1) throw new OauthError('invalid_request', 'The client authenticates itself in more than one way.');
  const clientId = form.get('client_id');
  if (authorization !== undefined) return shownByBasic(authorization, clientId);
  if (hasAssertion) return shownByAssertion(form, clientId);
  if (secret === undefined || clientId === undefined) return null;
  return { method: 'client_secret_post', clientId, secret: new Secret(secret) };
}

/** RFC 6749 §2.3.1: id and secret are form-encoded before they become the user and password of RFC 7617. */
function shownByBasic(authorization: string, inBody: string | undefined): ShownCredentials | null {
  const pair = textIn(BASIC.exec(authorization)?.[1]);
  const colon = pair?.indexOf(':') ?? -1;
  if (pair === null || colon < 0) return null;
  const clientId = formDecoded(pair.slice(0, colon));
  const secret = formDecoded(pair.slice(colon + 1));
  if (clientId === null || secret === null) return null;
  if (inBody !== undefined && inBody !== clientId) {
    throw new OauthError('invalid_request', 'The client_id of the body is another than that of the header.');
  }
  return { method: 'client_secret_basic', clientId, secret: new Secret(secret) };
}

function textIn(base64: string | undefined): string | null {
  if (base64 === undefined) return null;
  try {
    return atob(base64);
  } catch {
    return null;
  }
}

function shownByAssertion(form: Form, clientId: string | undefined): ShownCredentials {
  const assertion = form.get('client_assertion');
  if (assertion === undefined || form.get('client_assertion_type') !== JWT_BEARER) {
    throw new OauthError('invalid_request', `A client_assertion comes with the client_assertion_type ${JWT_BEARER}.`);
  }
  return { method: 'private_key_jwt', clientId, assertion: new Secret(assertion) };
}
