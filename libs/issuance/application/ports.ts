import type { KeyId, Secret, UserId, WorkspaceId } from '@latchkey/kernel';
import type { CredentialRef, FirstWorkspace, KeyEvent, Role } from '@latchkey/contracts';
import type { Profile } from '@latchkey/access';
import type { Claim, EventMeta } from '@latchkey/event-store';
import type { ChangedSubject } from '@latchkey/live-state';
import type { ActiveKey, KeyState, RevokedKey } from '../domain/key/key';

export type ExistingKey = ActiveKey | RevokedKey;

/** With what was seen of its use, which is no part of its history and is behind by a second or two. */
export type ListedKey = ExistingKey & {
  /** Of the last call that was allowed; `null`: none. */
  readonly lastUsedAt: Date | null;
};

/** A stream as it was when something was read from it. */
export interface KeyVersion {
  readonly keyId: KeyId;
  readonly version: number;
}

/** A request that its client may send again when it got no answer (C31). */
export interface RepeatableRequest {
  /** The client's `Idempotency-Key`, which tells apart the requests of one caller. */
  readonly key: string;
  readonly workspaceId: WorkspaceId;
  /** The caller's own key. */
  readonly actorId: KeyId;
  /** What is asked for, and of what. */
  readonly operation: string;
  /** As it was understood: however a request is spelled, the same one is the same JSON value. */
  readonly body: unknown;
}

export interface KeyWrite {
  readonly keyId: KeyId;
  /** Pure; called again on newer state when somebody else was faster. */
  readonly decide: (state: KeyState) => readonly KeyEvent[];
  readonly meta: EventMeta;
  /**
   * The maker's key, as the decision has it. It is held unchanged until the commit, so that a revoke or a narrowing of the maker that
   * has answered is followed by no grant that rests on what was before.
   */
  readonly grantor?: KeyVersion;
  /** The secret that the events bring in, if they bring one. Only its digest is kept. */
  readonly newSecret?: Secret;
  readonly claim?: readonly Claim[];
  /** Remembered with the events, for a day: it writes once. */
  readonly request?: RepeatableRequest;
  /** Runs when all is claimed, before the commit: when it fails, nothing has happened. */
  readonly beforeCommit?: () => Promise<void>;
}

export interface WrittenKey {
  /** The key after the events. */
  readonly key: ExistingKey;
  /**
   * What must be settled before an answer may rely on it. Also when nothing was decided: then the answer rests on somebody else's
   * change, which may not have been settled yet.
   */
  readonly changed: ChangedSubject;
}

/** Keys as streams of events, and what must change with them. */
export interface KeyStore {
  load(keyId: KeyId): Promise<{ readonly state: KeyState; readonly version: number }>;
  /**
   * Loads, decides and writes events, outbox, claims, digest, key list and the key's subject in one transaction.
   * @throws AppError what `decide` throws, `claim.taken` (details: scope; also for a request that has written), `stream.version_conflict` after several lost races or when
   * the grantor has changed, `key.last_admin` when no other admin key would stand in for what this one was
   */
  write(write: KeyWrite): Promise<WrittenKey>;
}

/** Requests that have issued a secret, for a day. */
export interface IssuedRequests {
  /**
   * The key that the request has issued a secret of, as it is now; `null`: none. Who asks again had no answer: the secret counts as
   * lost from here on.
   * @throws AppError `request.idempotency_key_reused` when the caller's request of that name was another one
   */
  find(request: RepeatableRequest, now: Date): Promise<WrittenKey | null>;
  /** Whether the reply that showed the secret is known to have reached nobody. */
  isLost(keyId: KeyId, secretNumber: number, now: Date): Promise<boolean>;
}

/** Place in the list: newest first, ties by id. */
export interface KeyListPosition {
  readonly createdAt: Date;
  readonly keyId: string;
}

export interface KeyListQuery {
  readonly workspaceId: WorkspaceId;
  /** Without the revoked ones. */
  readonly liveOnly: boolean;
  readonly limit: number;
}

/** The read model of keys. A key's change is in it when its reply is sent. */
export interface KeyList {
  /** By key id or display id; a key of another workspace is not there. */
  find(workspaceId: WorkspaceId, id: string): Promise<ListedKey | null>;
  after(query: KeyListQuery, position: KeyListPosition | null): Promise<readonly ListedKey[]>;
  /** Skips `offset` keys: for numbered pages, which are bounded (C33). */
  skipping(query: KeyListQuery, offset: number): Promise<readonly ListedKey[]>;
  /** Number of keys that are not revoked, from a counter kept in the append transaction. */
  liveCount(workspaceId: WorkspaceId): Promise<number>;
}

/** One of a key's secrets, and when it was last used. */
export interface SecretUse {
  readonly keyId: string;
  readonly secretNumber: number;
  readonly at: Date;
}

export interface KeyUses {
  /** Keeps the latest of each secret: the same uses may come again, and older ones later. */
  note(uses: readonly SecretUse[]): Promise<void>;
}

/** Whose a secret is. */
export interface SecretDirectory {
  /** Also for a secret that has ended; `null` for one that was never issued here. */
  find(secret: Secret): Promise<CredentialRef | null>;
}

export interface WorkspaceDirectory {
  first(): Promise<FirstWorkspace>;
  /** @throws AppError `service.unavailable`; `service.internal` for a workspace that there is not. */
  profileOf(workspaceId: WorkspaceId): Promise<Profile>;
  /** What the user may do in the workspace, as it is now; `null`: nothing. */
  roleOf(workspaceId: WorkspaceId, userId: UserId): Promise<Role | null>;
}

export interface Randomness {
  /** A new secret in the profile's form. */
  secret(profile: Profile): Secret;
  /** So many lower-case hexadecimal digits. */
  hex(digits: number): string;
}
