import { OauthError } from './oauth-error';

/** Parameters by name; one that was sent without a value is not there (RFC 6749 §3.2). */
export type Form = ReadonlyMap<string, string>;

/** No request of OAuth's has more than ten. */
const PARAMETERS_MAX = 50;
/** Whatever else there is must be percent-encoded. A space may stand as it is: so curl sends it (S1-08). */
const AS_SENT = /^[\x20-\x7e]*$/;

/**
 * Reads `application/x-www-form-urlencoded`, strictly: what two readers might understand in two ways is understood in none.
 * @throws OauthError `invalid_request`: not such a form, or a parameter that is there twice (RFC 6749 §3.2)
 */
export function parseForm(body: string): Form {
  const form = new Map<string, string>();
  const names = new Set<string>();
  const parts = body === '' ? [] : body.split('&');
  if (parts.length > PARAMETERS_MAX) throw new OauthError('invalid_request', 'There are too many parameters.');
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = decoded(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? '' : decoded(part.slice(equals + 1));
    // Of a parameter that is without a value as well: another reader may count it.
    if (names.has(name)) throw new OauthError('invalid_request', 'A parameter is there more than once.');
    names.add(name);
    if (value !== '') form.set(name, value);
  }
  return form;
}

/** @throws OauthError `invalid_request` */
function decoded(text: string): string {
  const value = formDecoded(text);
  if (value === null) throw new OauthError('invalid_request', 'The body is not form-encoded.');
  return value;
}

/** A name or value of a form; null: its encoding is broken. */
export function formDecoded(text: string): string | null {
  if (!AS_SENT.test(text)) return null;
  // Most have nothing to decode.
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}
