import type { KeyId, UserId, WorkspaceId } from '@latchkey/kernel';
import type { Grant, GrantorsOwn } from '@latchkey/access';

/** Who makes a key, changes it or hands its next secret over, and how much they have themselves. */
export type Grantor =
  /** The first start, which has nobody above it. */
  | { readonly kind: 'installation' }
  | (GrantorsOwn & {
      readonly kind: 'credential';
      /** Whose it is. */
      readonly userId: UserId;
    });

export interface CreateKey {
  readonly type: 'CreateKey';
  readonly keyId: KeyId;
  readonly displayId: string;
  readonly workspaceId: WorkspaceId;
  readonly userId: UserId;
  readonly name: string;
  readonly grant: Grant;
  readonly scopesAsSent: readonly string[];
  readonly grantor: Grantor;
  readonly now: Date;
}

/** Fields that are absent stay as they are. */
export interface KeyChanges {
  readonly name?: string;
  readonly scopes?: { readonly canonical: readonly string[]; readonly asSent: readonly string[] };
  readonly allowedIps?: readonly string[];
  readonly plan?: string;
}

export interface ChangeKey {
  readonly type: 'ChangeKey';
  readonly changes: KeyChanges;
  readonly grantor: Grantor;
  readonly now: Date;
}

export interface RotateKey {
  readonly type: 'RotateKey';
  /** Number of the newest secret that the caller knows of: of many rotations at once, one wins. */
  readonly replaces: number;
  /** Whether the reply that showed that secret is known to have reached nobody (C31). */
  readonly lost: boolean;
  /** How long the secret that is replaced still passes: 0 to 720 h (C28). 0 ends it at once. */
  readonly gracePeriodMs: number;
  readonly grantor: Grantor;
  readonly now: Date;
}

/** Permanent. */
export interface RevokeKey {
  readonly type: 'RevokeKey';
  readonly reason: string;
  readonly now: Date;
}

/** Ends one secret (C29). */
export interface RevokeSecret {
  readonly type: 'RevokeSecret';
  readonly secretNumber: number;
  readonly reason: string;
  readonly now: Date;
}

export type KeyCommand = CreateKey | ChangeKey | RotateKey | RevokeKey | RevokeSecret;
