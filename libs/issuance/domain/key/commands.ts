import type { KeyId, UserId, WorkspaceId } from '@latchkey/kernel';
import type { Grant, GrantChanges, GrantorsOwn } from '@latchkey/access';
import type { KeyExpiryReminderSent, KeyLeakReported } from '@latchkey/contracts';

/** Who makes a key, changes it or hands its next secret over, and how much they have themselves. */
export type Grantor =
  /** The first start, which has nobody above it. */
  | { readonly kind: 'installation' }
  | (GrantorsOwn & {
      readonly kind: 'credential';
      /** Whose it is. */
      readonly userId: UserId;
    });

/**
 * Canonical scopes that scope sets hold now, by id. Whoever gives a set gives all that it holds. A decision that needs a set that is not
 * there is refused as a lost race.
 */
export type ScopesOfSets = ReadonlyMap<string, readonly string[]>;

export interface CreateKey {
  readonly type: 'CreateKey';
  readonly keyId: KeyId;
  readonly displayId: string;
  readonly workspaceId: WorkspaceId;
  readonly userId: UserId;
  readonly name: string;
  readonly grant: Grant;
  readonly scopesAsSent: readonly string[];
  readonly scopeSetIds: readonly string[];
  /** Of those sets. */
  readonly setScopes: ScopesOfSets;
  readonly tags: readonly string[];
  /** Of a secret that somebody else has made, with which it begins; `null`: made here. */
  readonly imported: { readonly prefix: string } | null;
  readonly grantor: Grantor;
  readonly now: Date;
}

/** Of a key that is made here, with neither scope sets nor tags. */
export const PLAIN_KEY: Pick<CreateKey, 'scopeSetIds' | 'setScopes' | 'tags' | 'imported'> = {
  scopeSetIds: [],
  setScopes: new Map(),
  tags: [],
  imported: null,
};

/** Fields that are absent stay as they are. */
export interface KeyChanges extends GrantChanges {
  readonly scopeSetIds?: readonly string[];
  readonly tags?: readonly string[];
  /** `null`: never. */
  readonly expiresAt?: Date | null;
}

export interface ChangeKey {
  readonly type: 'ChangeKey';
  readonly changes: KeyChanges;
  /** Of all sets that the key would have. */
  readonly setScopes: ScopesOfSets;
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
  /** The secret that is replaced ends earlier when it has not been used for so long. `null`: it does not. */
  readonly endsWhenSilentMs: number | null;
  /** Of the key's sets. */
  readonly setScopes: ScopesOfSets;
  readonly grantor: Grantor;
  readonly now: Date;
}

/** Says once for each rotation that the old secret is still in use shortly before it ends. */
export interface NoteStalledRotation {
  readonly type: 'NoteStalledRotation';
  /** Of the old secret. */
  readonly lastUsedAt: Date;
  readonly now: Date;
}

/** Ends the old secret when it has been silent for as long as was chosen. */
export interface EndSilentSecret {
  readonly type: 'EndSilentSecret';
  readonly secretNumber: number;
  /** `null`: never. */
  readonly lastUsedAt: Date | null;
  readonly now: Date;
}

/** Reversible: no secret of it passes until it is resumed. */
export interface SuspendKey {
  readonly type: 'SuspendKey';
  readonly reason: string;
  /** Whose doing it is. */
  readonly userId: UserId;
  readonly now: Date;
}

export interface ResumeKey {
  readonly type: 'ResumeKey';
  /** Whether whoever resumes it may change everybody's keys. */
  readonly changesAll: boolean;
  /** Of the key's sets. */
  readonly setScopes: ScopesOfSets;
  readonly grantor: Grantor;
  readonly now: Date;
}

/** Puts on record that the expiry has passed. */
export interface ExpireKey {
  readonly type: 'ExpireKey';
  readonly now: Date;
}

export interface RemindOfExpiry {
  readonly type: 'RemindOfExpiry';
  readonly daysBefore: KeyExpiryReminderSent['data']['daysBefore'];
  readonly now: Date;
}

export interface ReportLeak {
  readonly type: 'ReportLeak';
  readonly secretNumber: number;
  readonly source: string;
  readonly url: string;
  /** `revoke` ends the secret with the report. */
  readonly policy: KeyLeakReported['data']['policy'];
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

export type KeyCommand =
  | CreateKey
  | ChangeKey
  | RotateKey
  | NoteStalledRotation
  | EndSilentSecret
  | SuspendKey
  | ResumeKey
  | ExpireKey
  | RemindOfExpiry
  | ReportLeak
  | RevokeKey
  | RevokeSecret;
