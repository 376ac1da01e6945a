import type { Window } from '@latchkey/contracts';

/** What the secrets of a profile look like: `<prefix>_<live|test>_<random><checksum>`. */
export interface KeyShape {
  /** Lower-case letters and digits; no two profiles share one. */
  readonly prefix: string;
  /** The digits of the random part and of the checksum, in order of their value. */
  readonly alphabet: string;
  readonly randomLength: number;
  readonly checksumLength: number;
}

export interface ScopeDefinition {
  /** `resource:action`. */
  readonly canonical: string;
  readonly description: string;
  /** Every way to write it, the one shown by default first. Absent: the canonical form alone. */
  readonly spellings?: readonly string[];
  /** Other scopes, in canonical form, whose sum this one is: it covers each of them, and all of them together cover it (C2). */
  readonly equals?: readonly string[];
  /** Covers every scope of its workspace. Exactly one per profile. */
  readonly admin?: true;
  /** About Latchkey's own routes (C22), which touch no asset. */
  readonly system?: true;
  /** Not listed in the catalogue (C22). */
  readonly hidden?: true;
}

export interface Plan {
  readonly name: string;
  readonly description: string;
  /** Empty: without a limit. */
  readonly windows: readonly Window[];
}

/**
 * Where a request may carry its credential (C4): `Authorization: Bearer`, `X-API-Key`, the cookie, JSON body field or query parameter
 * `token`. Cookie and query are for session tokens only.
 */
export type CredentialForm = 'bearer' | 'x-api-key' | 'cookie' | 'body' | 'query';

/** A product's conventions, as data (C21). A workspace has one, and keeps it. */
export interface Profile {
  /** Lower-case letters, digits and hyphens; no two profiles share one. */
  readonly name: string;
  readonly key: KeyShape;
  readonly scopes: readonly ScopeDefinition[];
  readonly plans: readonly Plan[];
  readonly defaultPlan: string;
  /** How its own surface words an error (C20). */
  readonly envelope: 's4e' | 'problem';
  readonly credentialForms: readonly CredentialForm[];
  /** `typ` in the header of an OAuth access token: that of RFC 9068, or the plain one of older documents (C10). */
  readonly accessTokenType: 'at+jwt' | 'JWT';
}
