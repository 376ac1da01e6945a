import type { ClientId, KeyId, SessionId, UserId, WorkspaceId } from '@latchkey/kernel';

/** Everything that a decision depends on is a subject (design: the check). Each kind has one owner, the service that may change it. */
export const SUBJECT_OWNERS = {
  key: 'issuance',
  scope_set: 'issuance',
  workspace: 'identity',
  user: 'identity',
  session: 'identity',
  client: 'oauth',
  signing_key: 'oauth',
} as const;

export type SubjectKind = keyof typeof SUBJECT_OWNERS;
export type SubjectOwner = (typeof SUBJECT_OWNERS)[SubjectKind];

export interface SubjectRef {
  readonly kind: SubjectKind;
  readonly id: string;
}

/** Every owner, in the order in which their fences are examined. */
export const OWNERS: readonly SubjectOwner[] = [...new Set(Object.values(SUBJECT_OWNERS))];

/** One of something for each owner. */
export const ofEachOwner = <Each>(make: (owner: SubjectOwner) => Each): Readonly<Record<SubjectOwner, Each>> => ({
  issuance: make('issuance'),
  identity: make('identity'),
  oauth: make('oauth'),
});

export const subjectName = (subject: SubjectRef): string => `${subject.kind}:${subject.id}`;

/** A subject as its owner's primary has it. `version` counts every change of the row, from 1. `null`: there is none. */
export interface SubjectSnapshot extends SubjectRef {
  readonly version: number;
  readonly body: SubjectBody | null;
}

/** The subjects of one decision, as far as they are known. A handful: a list is looked through faster than a map is filled. */
export type KnownSubjects = readonly SubjectSnapshot[];

export const sameSubject = (one: SubjectRef, other: SubjectRef): boolean =>
  one.id === other.id && one.kind === other.kind;

/** What a member has been granted for a machine: the same of a key and of a client. */
export interface GrantedSubject {
  readonly workspaceId: WorkspaceId;
  /** Whose it is: it gives no more than the role of that member while its workspace has it so. */
  readonly userId: UserId;
  readonly name: string;
  /** Canonical scopes (`resource:action`), sorted. */
  readonly scopes: readonly string[];
  readonly scopeSetIds: readonly string[];
  /** Addresses and CIDR ranges in normal form; empty: any address. */
  readonly allowedIps: readonly string[];
  readonly assets: 'all' | readonly string[];
  readonly plan: string;
  /** Live secrets by number. At most two; none of a client with public keys. */
  readonly secrets: readonly LiveSecret[];
}

export interface LiveSecret {
  readonly number: number;
  /** Unix ms at which it ends, null for the current one. */
  readonly graceUntilMs: number | null;
  /** Unix ms at which its successor came, of a key's old secret. */
  readonly replacedAtMs?: number;
}

export interface KeySubject extends GrantedSubject {
  readonly kind: 'key';
  readonly status: 'active' | 'suspended' | 'revoked';
  readonly expiresAtMs: number | null;
}

export interface WorkspaceSubject {
  readonly kind: 'workspace';
  readonly status: 'active' | 'suspended';
  readonly name: string;
  /** Name of the profile (C21); it never changes. */
  readonly profile: string;
  /**
   * `end`: a key gives no more than the role of the member whose it is, as it is now; nothing while they are suspended, or are a member no
   * more. `stay`: it goes on as it was granted.
   */
  readonly formerMembersKeys: 'end' | 'stay';
  /** `required`: a session without a second factor passes only where the call says that it needs none. */
  readonly secondFactor: 'optional' | 'required';
  /** Its name in addresses (S4-04), where it has one: at the host of another workspace its credentials are unknown. */
  readonly slug?: string;
  /** What it demands of its keys; absent: `FREE_KEYS`. */
  readonly keyPolicy?: KeyPolicy;
}

export interface KeyPolicy {
  /** A key without an expiry is neither made nor left so by a change. */
  readonly expiryRequired: boolean;
  /** From a key's creation to its expiry, in days; a key without an expiry lives longer than any. Null: nothing bounds it. */
  readonly maxLifetimeDays: number | null;
  /** What becomes of a key whose secret was found in public. */
  readonly leakedKeys: 'notify' | 'rotate' | 'revoke';
}

/** As every workspace begins. */
export const FREE_KEYS: KeyPolicy = { expiryRequired: false, maxLifetimeDays: null, leakedKeys: 'revoke' };

export type Role = 'owner' | 'admin' | 'member' | 'auditor';

export interface UserSubject {
  readonly kind: 'user';
  readonly status: 'active' | 'suspended';
  /** Role by workspace id. Who is suspended in a workspace has none there. */
  readonly roles: Readonly<Record<string, Role>>;
  /** Scope sets that the user has been given besides the role, by workspace id; absent: none anywhere. */
  readonly scopeSetIds?: Readonly<Record<string, readonly string[]>>;
  /** Sessions of an earlier generation have ended, all of them at once. */
  readonly sessionGeneration: number;
}

export interface SessionSubject {
  readonly kind: 'session';
  readonly workspaceId: WorkspaceId;
  readonly userId: UserId;
  readonly status: 'active' | 'ended';
  /** The user's generation when it was opened. */
  readonly generation: number;
  /** The current token's number, from 1; a refresh gives the next one (C32). */
  readonly tokenNumber: number;
  /** SHA-256 of the current token, in hexadecimal digits: whoever asks needs no key to know the token. */
  readonly tokenSha256: string;
  /** Whether its user showed a second factor. */
  readonly secondFactor: boolean;
  /** Unix ms at which it ends unless it is used; slid at most once a minute (C9). */
  readonly idleUntilMs: number;
  /** Unix ms at which it ends in any case (C32). */
  readonly expiresAtMs: number;
}

export interface ScopeSetSubject {
  readonly kind: 'scope_set';
  readonly workspaceId: WorkspaceId;
  /** Canonical; none: it was deleted. */
  readonly scopes: readonly string[];
}

/** Its access tokens have those of its scopes that they were issued for. */
export interface ClientSubject extends GrantedSubject {
  readonly kind: 'client';
  /** `deleted` is permanent. */
  readonly status: 'active' | 'suspended' | 'deleted';
  /** How long an access token lives that is issued now. */
  readonly tokenLifetimeSeconds: number;
  /** Access tokens of an earlier generation have ended, all of them at once. From 1. */
  readonly tokenGeneration: number;
  /** `jti` of tokens that were revoked, with the Unix ms at which they would have expired. */
  readonly revokedTokens: readonly { readonly jti: string; readonly expiresAtMs: number }[];
}

/** A public key of the installation's access tokens. Its id is its RFC 7638 thumbprint, so an id never comes to mean another key. */
export interface SigningKeySubject {
  readonly kind: 'signing_key';
  /** `revoked`: no token that it signed passes any more. */
  readonly status: 'trusted' | 'revoked';
  readonly algorithm: 'RS256' | 'ES256';
  /** The public part (RFC 7517), without `kid`, `alg` and `use`. */
  readonly jwk: Readonly<Record<string, string>>;
}

export type SubjectBody =
  KeySubject | WorkspaceSubject | UserSubject | SessionSubject | ScopeSetSubject | ClientSubject | SigningKeySubject;

/** What a digest stands for. It never changes, so a node may remember it for ever. */
export interface CredentialRef {
  readonly workspaceId: WorkspaceId;
  readonly keyId: KeyId;
  readonly secretNumber: number;
}

/** A session as its token names it. Whoever presents a token may have written anything there: only the session's body proves it. */
export interface SessionRef {
  readonly workspaceId: WorkspaceId;
  readonly sessionId: SessionId;
  readonly tokenNumber: number;
  /** Of the token that was presented, in hexadecimal digits. */
  readonly tokenSha256: string;
}

/** An access token whose signature is good: what stands in it is what was issued. */
export interface AccessTokenRef {
  readonly workspaceId: WorkspaceId;
  readonly clientId: ClientId;
  readonly jti: string;
  /** The client's token generation when it was issued. */
  readonly generation: number;
  /** As issued, in spellings of the workspace's profile. */
  readonly scopes: readonly string[];
  /** Of the key that signed it. */
  readonly signingKeyId: string;
  /** Unix ms, as the next. */
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** What was presented to a check: a key's secret, a session's token, or an access token. */
export type CheckedRef = CredentialRef | SessionRef | AccessTokenRef;

export const isSessionRef = (credential: CheckedRef): credential is SessionRef => 'sessionId' in credential;

export const isAccessTokenRef = (credential: CheckedRef): credential is AccessTokenRef => 'jti' in credential;

/** What enforcement asks of a subject's owner; always answered from the owner's primary. */
export interface SubjectReader {
  read(owner: SubjectOwner, subjects: readonly SubjectRef[]): Promise<readonly SubjectSnapshot[]>;
}

/** Finds credentials by the SHA-256 of their secret (32 bytes each), `null` where there is none. */
export interface CredentialResolver {
  resolve(sha256: readonly Uint8Array[]): Promise<readonly (CredentialRef | null)[]>;
}
