import type { ShownByClient } from '@latchkey/access';
import type { ClientId, WorkspaceId } from '@latchkey/kernel';
import type { JWK } from 'jose';

/** Whose a client secret is. It never changes, so it may be remembered for ever; whether it is still good is the subjects' business. */
export interface ClientSecretRef extends ShownByClient {
  readonly secretNumber: number;
}

/** Finds client secrets by their SHA-256 (32 bytes each), `null` where there is none. */
export interface ClientSecretResolver {
  /** @throws AppError `service.unavailable` */
  resolve(sha256: readonly Uint8Array[]): Promise<readonly (ClientSecretRef | null)[]>;
}

/** The public keys that a client has registered, as they are now. */
export interface RegisteredKeys {
  readonly workspaceId: WorkspaceId;
  readonly clientId: ClientId;
  readonly keys: readonly JWK[];
}

export interface ClientKeys {
  /**
   * In the order of the ids; null: there is no such client, or it has no keys.
   * @throws AppError `service.unavailable`
   */
  find(clientIds: readonly string[]): Promise<readonly (RegisteredKeys | null)[]>;
}

/** Assertions that have been used, known to all processes and after a restart. */
export interface UsedAssertions {
  /**
   * @returns whether this is the first use
   * @throws AppError `service.unavailable`
   */
  use(clientId: ClientId, jti: string, expiresAt: Date): Promise<boolean>;
  /** Those that had expired at that time. */
  forget(expiredAt: Date): Promise<void>;
}

export type Sha256 = (text: string) => Uint8Array;

export type AccessTokenType = 'at+jwt' | 'JWT';

export interface SignedToken {
  readonly token: string;
  /** Of the key that signed it. */
  readonly kid: string;
}

export interface AccessTokenSigner {
  /**
   * A JWS in compact form (RFC 7515 §3.1) of these claims, with the key that signs now.
   * @throws AppError `service.unavailable`: there is none yet
   */
  sign(type: AccessTokenType, claims: object): Promise<SignedToken>;
}
