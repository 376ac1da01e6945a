import { assertNever, Secret } from '@latchkey/kernel';
import { parseAccessToken } from './access-token';
import type { CredentialForm } from './profiles/profile';

/** The parts of a request that may carry a credential. */
export interface CredentialCarriers {
  /**
   * By lower-case name. Give every value that was sent (Node's `headersDistinct`): Node's `headers` keeps only the first
   * `Authorization`, and a second one would go unseen.
   */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly cookies?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly query?: unknown;
  /** The parsed JSON body. */
  readonly body?: unknown;
}

export type ExtractedCredential =
  | { readonly kind: 'found'; readonly credential: Secret; readonly via: CredentialForm }
  | { readonly kind: 'missing' }
  /** Something is where a credential belongs, but it cannot be one. */
  | { readonly kind: 'malformed' }
  /** Two different ones (C4). */
  | { readonly kind: 'multiple' };

/** Longer text is no credential of ours. */
const LENGTH_MAX = 16_384;
/** RFC 6750 §2.1; also the one form of `X-API-Key`, which takes neither a scheme nor an encoding. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;
/** A JWS in compact form: the forms that a browser sends by itself, or keeps in its history, are for session tokens only (C4). */
const SESSION_TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** What was found in one place: a text, or (in a body) something that no credential can be. */
interface Presented {
  readonly via: CredentialForm;
  readonly value: unknown;
}

const memberOf = (carrier: unknown, name: string): unknown =>
  typeof carrier === 'object' && carrier !== null && Object.hasOwn(carrier, name)
    ? Reflect.get(carrier, name)
    : undefined;

/** Other schemes than Bearer are somebody else's: a proxy's, say. */
const bearerTokens = (headers: readonly unknown[]): readonly unknown[] =>
  headers.flatMap((header) => {
    const match = typeof header === 'string' ? /^bearer(?:[ \t]+(.*))?$/i.exec(header.trim()) : null;
    return match ? [match[1] ?? ''] : [];
  });

/** Every value in one place; `undefined` was not sent. */
const sent = (values: unknown): readonly unknown[] => [values].flat().filter((value) => value !== undefined);

function valuesIn({ headers, cookies, query, body }: CredentialCarriers, form: CredentialForm): readonly unknown[] {
  switch (form) {
    case 'bearer':
      return bearerTokens(sent(headers['authorization']));
    case 'x-api-key':
      return sent(headers['x-api-key']);
    case 'cookie':
      return sent(memberOf(cookies, 'token'));
    case 'query':
      return sent(memberOf(query, 'token'));
    case 'body': {
      // A list is no credential here: JSON has no repeated fields.
      const token = memberOf(body, 'token');
      return token === undefined ? [] : [token];
    }
    default:
      return assertNever(form);
  }
}

function isWellFormed({ via, value }: Presented): boolean {
  if (typeof value !== 'string' || value.length > LENGTH_MAX) return false;
  // An access token is a JWS too (RFC 6750 §2.3, RFC 9700 §4.3.2).
  if (via === 'cookie' || via === 'query') return SESSION_TOKEN.test(value) && parseAccessToken(value) === null;
  return TOKEN.test(value);
}

/**
 * Finds the one credential of a request, in the forms that are switched on. The same credential in two places is one; two different
 * ones are refused rather than ranked, as a proxy and a service that rank differently can be played against each other.
 */
export function extractCredential(carriers: CredentialCarriers, forms: readonly CredentialForm[]): ExtractedCredential {
  const all = forms.flatMap((via) => valuesIn(carriers, via).map((value): Presented => ({ via, value })));
  const [first] = all;
  if (!first) return { kind: 'missing' };
  if (all.some(({ value }) => value !== first.value)) return { kind: 'multiple' };
  if (typeof first.value !== 'string' || !all.every(isWellFormed)) return { kind: 'malformed' };
  return { kind: 'found', credential: new Secret(first.value), via: first.via };
}
