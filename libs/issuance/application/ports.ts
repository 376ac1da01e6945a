import type { KeyId, Secret, UserId, WorkspaceId } from '@latchkey/kernel';
import type {
  AccessTokenRef,
  CredentialRef,
  FirstWorkspace,
  KeyEvent,
  KeyPolicy,
  KnownSubjects,
  Role,
  SessionSubject,
  WorkspaceSubject,
} from '@latchkey/contracts';
import type { AccessRequest, GrantorsOwn, KnownScopeSet, MemberRights, Profile } from '@latchkey/access';
import type { Claim, EventMeta, RepeatableRequest } from '@latchkey/event-store';
import type { ChangedSubject } from '@latchkey/live-state';
import type { ExistingKey, KeyState } from '../domain/key/key';
import type { PresentedSession } from './caller';
import type { KeyListQuery, KeyPosition, KeySelection } from './key-list-query';
import type { KeyReach } from './key-reaches';

export type { ExistingKey } from '../domain/key/key';

/** With what was seen of its use, which is no part of its history and is behind by a second or two. */
export type ListedKey = ExistingKey & {
  /** Of the last call that was allowed; `null`: none. */
  readonly lastUsedAt: Date | null;
};

/** The maker's key as it was when something was read from it. */
export interface KeyVersion {
  readonly keyId: KeyId;
  /** Of its stream. */
  readonly version: number;
}

/** Only a digest of it is kept. One that somebody else has made comes as its SHA-256, 32 bytes. */
export type NewSecret = Secret | { readonly sha256: Uint8Array };

export interface KeyWrite {
  readonly keyId: KeyId;
  /** Pure; called again on newer state when somebody else was faster. */
  readonly decide: (state: KeyState) => readonly KeyEvent[];
  readonly meta: EventMeta;
  /**
   * The maker's key, as the decision has it, where it has one. It is held unchanged until the commit, so that a revoke or a narrowing of the
   * maker that has answered is followed by no grant that rests on what was before.
   */
  readonly grantor?: KeyVersion;
  /** Scope sets that the maker has rights by, as the decision has them: held in the same way. */
  readonly grantorsSets?: readonly Pick<KnownScopeSet, 'id' | 'version'>[];
  /** The secret that the events bring in, if they bring one. */
  readonly newSecret?: NewSecret;
  readonly claim?: readonly Claim[];
  /**
   * Whether the workspace is not lost without an admin key, as whoever asks can make another one: the session of an owner or admin, who can sign
   * in again.
   */
  readonly sparesAdminKeys?: boolean;
  /** Remembered with the events, for a day: it writes once. */
  readonly request?: RepeatableRequest;
  /**
   * Runs when all is claimed, before the commit: when it fails, nothing has happened. It asks nothing of issuance's own database: the transaction
   * has one of its connections, and many that wait for a second one would wait for each other.
   */
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
   * the grantor has changed, `key.secret_known`, `key.last_admin` when no other admin key would stand in for what this one was
   */
  write(write: KeyWrite): Promise<WrittenKey>;
  /** Several keys of one workspace, all or none. @throws AppError as `write` */
  writeAll(writes: readonly KeyWrite[]): Promise<readonly WrittenKey[]>;
}

/** Requests that have issued a secret, for a day. */
export interface IssuedRequests {
  /**
   * The key that the request has issued a secret of, as it is now; `null`: none. Who asks again had no answer: the secret counts as
   * lost from here on.
   * @throws AppError `request.idempotency_key_reused` when the caller's request of that name was another one
   */
  find(request: RepeatableRequest, now: Date): Promise<WrittenKey | null>;
  /** The secret that the request has issued is shown to nobody. */
  countAsLost(request: RepeatableRequest, now: Date): Promise<void>;
  /** Whether the reply that showed the secret is known to have reached nobody. */
  isLost(keyId: KeyId, secretNumber: number, now: Date): Promise<boolean>;
}

/** Place in a list that is sorted by time, ties by id. */
export interface KeyListPosition {
  readonly at: Date;
  readonly id: string;
}

/** The read model of keys. A key's change is in it when its reply is sent. */
export interface KeyList {
  /** By key id or display id; a key out of reach is not there. */
  find(reach: KeyReach, id: string): Promise<ListedKey | null>;
  /** `limit` keys at most, in the order asked for. */
  after(query: KeyListQuery, position: KeyPosition | null): Promise<readonly ListedKey[]>;
  /** Newest first; skips `offset` keys: for numbered pages, which are bounded (C33). */
  skipping(selection: KeySelection, limit: number, offset: number): Promise<readonly ListedKey[]>;
  /** How many there are; `null`: more than `most`, where counting ends. */
  count(selection: KeySelection, most: number): Promise<number | null>;
  /** Number of keys that are not revoked: of a workspace from a counter kept in the append transaction (C33); those of one member are counted. */
  liveCount(reach: KeyReach): Promise<number>;
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
  /** Of each, in their order. */
  findAll(secrets: readonly Secret[]): Promise<readonly (CredentialRef | null)[]>;
}

/** A member and their workspace, as they are now. */
export interface Standing {
  readonly workspace: WorkspaceSubject;
  /** Undefined: no member, or suspended there. */
  readonly member: MemberRights | undefined;
}

export interface SessionOfUser extends PresentedSession {
  readonly workspaceId: WorkspaceId;
  readonly userId: UserId;
}

/** What a credential gives to grant from. */
export interface OwnRights {
  readonly own: GrantorsOwn;
  /** Scope sets that were asked for to find it out. */
  readonly sets: KnownSubjects;
}

export interface SessionStanding extends OwnRights {
  readonly session: SessionSubject;
  readonly workspace: WorkspaceSubject;
  readonly role: Role;
}

/** What identity knows, oauth of clients, and we ourselves of scope sets. Each answer comes from the owner's primary: what had changed before the question is in it. */
export interface WorkspaceDirectory {
  first(): Promise<FirstWorkspace>;
  /** @throws AppError `service.unavailable`; `service.internal` for a workspace that there is not. */
  profileOf(workspaceId: WorkspaceId): Promise<Profile>;
  keyPolicyOf(workspaceId: WorkspaceId): Promise<KeyPolicy>;
  standingOf(workspaceId: WorkspaceId, userId: UserId): Promise<Standing>;
  /**
   * `null`: by the rules of the check the token that was presented does not pass any more with what is asked. With `held` no scope set is asked
   * for: those are as they are, and any other one gives nothing.
   */
  sessionStanding(
    of: SessionOfUser,
    asked: AccessRequest,
    now: Date,
    held?: KnownSubjects,
  ): Promise<SessionStanding | null>;
  /** Each once; what is asked for and not there holds nothing. */
  scopeSetsOf(workspaceId: WorkspaceId, ids: readonly string[]): Promise<readonly KnownScopeSet[]>;
  /** What an access token gives to grant from; `null` and `held` as above. */
  ownOfToken(token: AccessTokenRef, asked: AccessRequest, now: Date, held?: KnownSubjects): Promise<OwnRights | null>;
}

export interface Randomness {
  /** A new secret in the profile's form. */
  secret(profile: Profile): Secret;
  /** So many lower-case hexadecimal digits. */
  hex(digits: number): string;
}
