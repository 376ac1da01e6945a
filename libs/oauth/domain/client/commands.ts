import type { GrantChanges, GrantorsOwn, SetScopes } from '@latchkey/access';
import type { ClientId, UserId, WorkspaceId } from '@latchkey/kernel';
import type { ClientAuthenticationKind, ClientGrant, PublicJwk } from './client';

/** Who registers a client, changes it or hands its next secret over, and how much they have themselves. */
export interface Grantor extends GrantorsOwn {
  readonly userId: UserId;
  /** What all scope sets hold now that the client is to have. */
  readonly setScopes: SetScopes;
}

export interface RegisterClient {
  readonly type: 'RegisterClient';
  readonly clientId: ClientId;
  readonly workspaceId: WorkspaceId;
  readonly userId: UserId;
  readonly name: string;
  readonly grant: ClientGrant;
  readonly scopesAsSent: readonly string[];
  readonly scopeSetIds: readonly string[];
  /** 60 to 86,400. */
  readonly tokenLifetimeSeconds: number;
  readonly authentication: ClientAuthenticationKind;
  /** 1 to 5 with `private_key_jwt`, else none. */
  readonly publicKeys: readonly PublicJwk[];
  readonly grantor: Grantor;
  readonly now: Date;
}

/** Fields that are absent stay as they are. */
export interface ClientChanges extends GrantChanges {
  readonly scopeSetIds?: readonly string[];
  readonly tokenLifetimeSeconds?: number;
  readonly publicKeys?: readonly PublicJwk[];
}

export interface ChangeClient {
  readonly type: 'ChangeClient';
  readonly changes: ClientChanges;
  readonly grantor: Grantor;
  readonly now: Date;
}

export interface RotateClientSecret {
  readonly type: 'RotateClientSecret';
  /** Number of the newest secret that the caller knows of: of many rotations at once, one wins. */
  readonly replaces: number;
  /** Whether the reply that showed that secret is known to have reached nobody (C31). */
  readonly lost: boolean;
  /** How long the secret that is replaced still passes: 0 to 720 h. 0 ends it at once, and with it every token. */
  readonly gracePeriodMs: number;
  readonly grantor: Grantor;
  readonly now: Date;
}

/** Reversible: its tokens and secrets are refused until it is resumed. */
export interface SuspendClient {
  readonly type: 'SuspendClient';
  readonly reason: string;
  readonly now: Date;
}

export interface ResumeClient {
  readonly type: 'ResumeClient';
  readonly grantor: Grantor;
  readonly now: Date;
}

/** Ends every access token that the client has been issued so far. */
export interface EndTokens {
  readonly type: 'EndTokens';
  readonly reason: string;
  readonly now: Date;
}

/** Permanent. */
export interface DeleteClient {
  readonly type: 'DeleteClient';
  readonly reason: string;
  readonly now: Date;
}

/** Ends one access token. */
export interface RevokeAccessToken {
  readonly type: 'RevokeAccessToken';
  readonly jti: string;
  readonly expiresAt: Date;
  readonly now: Date;
}

export type ClientCommand =
  | RegisterClient
  | ChangeClient
  | RotateClientSecret
  | SuspendClient
  | ResumeClient
  | EndTokens
  | DeleteClient
  | RevokeAccessToken;
