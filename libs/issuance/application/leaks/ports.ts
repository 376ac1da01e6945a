import type { KeyLeakReported } from '@latchkey/contracts';
import type { Secret, UserId, WorkspaceId } from '@latchkey/kernel';
import type { KeyReach } from '../key-reaches';
import type { KeyListPosition } from '../ports';

/** What a workspace wants to be done with a secret that was found in public. */
export type LeakPolicy = KeyLeakReported['data']['policy'];

/** A text that looks like a secret, and where somebody has found it. */
export interface Finding {
  readonly token: Secret;
  /** In the words of who reports it; perhaps empty. */
  readonly url: string;
  /** What it was found in: `commit`, say. */
  readonly source: string;
}

/** `key`: one that was issued or imported here, live or not. `other`: not for us to say. */
export type FindingVerdict = 'key' | 'no_key' | 'other';

/** Where a secret was found, as it is recorded: bounded, in one line, without any secret in it. */
export interface LeakPlace {
  readonly url: string;
  readonly source: string;
}

/** A report of a secret that was found in public, and what has become of that. */
export interface Leak extends LeakPlace {
  readonly leakId: string;
  readonly workspaceId: WorkspaceId;
  readonly keyId: string;
  /** At the time of the report. */
  readonly keyName: string;
  /** Whose the key is. */
  readonly userId: UserId;
  readonly secretId: string;
  /** Who has reported it. */
  readonly reporter: string;
  readonly policy: LeakPolicy;
  readonly reportedAt: Date;
  readonly secret: LeakedSecretNow;
}

/** How it stands with the leaked secret now. */
export interface LeakedSecretNow {
  /** `suspended`: nothing accepts it until the key is resumed. */
  readonly status: 'live' | 'suspended' | 'ended';
  /** When it ends by its time, while it has not; `null`: never. */
  readonly endsAt: Date | null;
  /** Seen from the record of decisions, so some seconds behind; `null`: never. */
  readonly lastUsedAt: Date | null;
}

export interface LeakQuery {
  readonly reach: KeyReach;
  readonly now: Date;
}

/** The read model of leaks. A report is in it when its reply is sent. */
export interface Leaks {
  /** What is on record of one secret. */
  placesOf(keyId: string, secretId: string): Promise<readonly (LeakPlace & { readonly policy: LeakPolicy })[]>;
  find(query: LeakQuery, leakId: string): Promise<Leak | null>;
  /** Newest first. */
  after(query: LeakQuery, position: KeyListPosition | null, limit: number): Promise<readonly Leak[]>;
}

/** Tells whether a message is from the one who reports leaks. */
export interface ReporterSignatures {
  /**
   * @param keyId which of their keys it is said to be of
   * @param signature in the form of the reporter
   * @param body the bytes as they came
   * @throws AppError `service.unavailable` while their keys are not known
   */
  verify(keyId: string, signature: string, body: Uint8Array): Promise<boolean>;
}
