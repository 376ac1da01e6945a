import { Secret } from '@latchkey/kernel';
import type { CredentialForms } from './profiles/profile';

export type CredentialForm = 'bearer' | 'api_key_header' | 'cookie' | 'body' | 'query';

/** The parts of a request that may carry a credential. */
export interface CredentialCarriers {
  /**
   * By lower-case name. Give every value that was sent (Node's `headersDistinct`): Node's `headers` keeps only the first
   * `Authorization`, and a second one would go unseen.
   */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly cookies?: Readonly<Record<string, string | undefined>>;
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

/** Every value in one place; `undefined` was not sent. */
const presented = (via: CredentialForm, values: unknown): readonly Presented[] =>
  [values].flat().flatMap((value: unknown) => (value === undefined ? [] : [{ via, value }]));

/** Other schemes than Bearer are somebody else's: a proxy's, say. */
const bearerTokens = (values: unknown): readonly Presented[] =>
  presented('bearer', values).flatMap(({ via, value }) => {
    const match = typeof value === 'string' ? /^bearer(?:[ \t]+(.*))?$/i.exec(value.trim()) : null;
    return match ? [{ via, value: match[1] ?? '' }] : [];
  });

const sessionOnly = (via: CredentialForm): boolean => via === 'cookie' || via === 'query';

const isWellFormed = ({ via, value }: Presented): boolean =>
  typeof value === 'string' && value.length <= LENGTH_MAX && (sessionOnly(via) ? SESSION_TOKEN : TOKEN).test(value);

/**
 * Finds the one credential of a request, in the forms that are switched on. The same credential in two places is one; two different
 * ones are refused rather than ranked, as a proxy and a service that rank differently can be played against each other.
 */
export function extractCredential(carriers: CredentialCarriers, forms: CredentialForms): ExtractedCredential {
  const { headers, cookies, query, body } = carriers;
  const all = [
    ...(forms.bearer ? bearerTokens(headers['authorization']) : []),
    ...(forms.apiKeyHeader ? presented('api_key_header', headers['x-api-key']) : []),
    ...(forms.cookie ? presented('cookie', memberOf(cookies, 'token')) : []),
    ...(forms.body ? presented('body', memberOf(body, 'token')) : []),
    ...(forms.query ? presented('query', memberOf(query, 'token')) : []),
  ];
  const [first] = all;
  if (!first) return { kind: 'missing' };
  if (all.some(({ value }) => value !== first.value)) return { kind: 'multiple' };
  if (typeof first.value !== 'string' || !all.every(isWellFormed)) return { kind: 'malformed' };
  return { kind: 'found', credential: new Secret(first.value), via: first.via };
}
