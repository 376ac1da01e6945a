import { AppError, type Clock } from '@latchkey/kernel';
import {
  boundOf,
  scopesInCommon,
  scopesOfMember,
  scopesOfSets,
  scopesWithSets,
  type Grant,
  type Profile,
} from '@latchkey/access';
import { secretIdOf, type KnownSubjects } from '@latchkey/contracts';
import type { Grantor, ScopesOfSets } from '../domain/key/commands';
import { isExpired, liveSecrets, type ActiveKey, type KeyState } from '../domain/key/key';
import { refuseAgainstPolicy, type KeyLife } from '../domain/key/policy';
import type { Caller, PresentedClient, PresentedKey, PresentedSession } from './caller';
import type { KeyStore, KeyWrite, OwnRights, WorkspaceDirectory } from './ports';

export interface CallersGrant {
  /** What the caller has, as it is now. */
  readonly grant: Grant;
  readonly profile: Profile;
  readonly grantor: Grantor;
  /** What a write that rests on it holds, or looks at again, until it commits. */
  readonly hold: Pick<KeyWrite, 'grantor' | 'grantorsSets' | 'beforeCommit'>;
}

/** What keeps a grant from resting on what its maker has no more. On in service; tests switch it off. */
export interface GrantorSafeguards {
  /** A session or an access token is looked at again right before the commit. */
  readonly confirmed: boolean;
}

/** To whoever grants by a session or an access token. */
const GRANTING = { scopes: ['apikeys:write'] };

/** Finds out how much a caller has from its owners: what enforcement let through may have been narrowed since. */
export class Grantors {
  constructor(
    private readonly keys: KeyStore,
    private readonly directory: WorkspaceDirectory,
    private readonly clock: Clock,
    private readonly safeguards: GrantorSafeguards = { confirmed: true },
  ) {}

  /** @throws AppError `auth.unauthorized` when the caller's credential, or the secret or token that was presented, has ended in the meantime. */
  of(caller: Caller): Promise<CallersGrant> {
    const { credential } = caller;
    switch (credential.kind) {
      case 'api_key':
        return this.#ofKey(credential, caller);
      case 'session':
        return this.#ofSession(credential, caller);
      case 'client':
        return this.#ofClient(credential, caller);
    }
  }

  /** What scope sets hold that are to be granted, or granted on. */
  async scopesOfSets({ workspaceId }: Pick<Caller, 'workspaceId'>, ids: readonly string[]): Promise<ScopesOfSets> {
    return scopesOfSets(await this.directory.scopeSetsOf(workspaceId, ids));
  }

  /**
   * Whether a key may live so in the workspace. `createdAt` absent: it is made now.
   * @throws AppError what `refuseAgainstPolicy` throws
   */
  async requirePolicy(
    { workspaceId }: Pick<Caller, 'workspaceId'>,
    { expiresAt, createdAt = this.clock.now() }: Pick<KeyLife, 'expiresAt'> & Partial<KeyLife>,
  ): Promise<void> {
    refuseAgainstPolicy(await this.directory.keyPolicyOf(workspaceId), { createdAt, expiresAt });
  }

  /** A key grants what it has, by itself and by its scope sets, as far as the rights of its member go. */
  async #ofKey(presented: PresentedKey, { workspaceId, userId }: Caller): Promise<CallersGrant> {
    const [{ state: key, version }, profile, { workspace, member }] = await Promise.all([
      this.keys.load(presented.keyId),
      this.directory.profileOf(workspaceId),
      this.directory.standingOf(workspaceId, userId),
    ]);
    const isBound = workspace.formerMembersKeys === 'end';
    const stands = passes(key, { workspaceId, secretId: presented.secretId }, this.clock.now());
    if (!stands || (isBound && member === undefined)) throw new AppError('auth.unauthorized');
    const sets = await this.directory.scopeSetsOf(workspaceId, key.scopeSetIds);
    const held = scopesWithSets(key.scopes, key.scopeSetIds, scopesOfSets(sets));
    const bound = boundOf(workspace, member);
    const scopes = bound === undefined ? held : scopesInCommon(profile, held, scopesOfMember(profile, bound));
    const grant = { ...key, scopes };
    return {
      grant,
      profile,
      grantor: { kind: 'credential', userId, profile, grant, ofOwner: member?.role === 'owner' },
      hold: { grantor: { keyId: key.keyId, version }, grantorsSets: sets },
    };
  }

  /** A session grants what its user may do as a member: every asset, every plan but `unlimited` unless it is an owner's (C23), and for ever. */
  async #ofSession(presented: PresentedSession, caller: Caller): Promise<CallersGrant> {
    const before = await this.#ownOfSession(presented, caller);
    return this.#granting(before, caller, () => this.#confirmSession(presented, caller, before));
  }

  /** An access token grants what it was issued for and its client has, as far as its member's role goes; the expiry of the token bounds nothing. */
  async #ofClient(presented: PresentedClient, caller: Caller): Promise<CallersGrant> {
    const before = await this.#ownOf(presented);
    return this.#granting(before, caller, () => this.#confirmClient(presented, before));
  }

  #granting({ own, sets }: OwnRights, { userId }: Caller, confirm: () => Promise<void>): CallersGrant {
    return {
      ...{ grant: own.grant, profile: own.profile },
      grantor: { kind: 'credential', userId, ...own },
      hold: { grantorsSets: sets, ...(this.safeguards.confirmed && { beforeCommit: confirm }) },
    };
  }

  async #confirmClient(presented: PresentedClient, before: OwnRights): Promise<void> {
    if (isSame(await this.#ownOf(presented, before.sets), before)) return;
    throw new AppError('auth.forbidden', { public: 'What the client may do has changed meanwhile. Try again.' });
  }

  async #ownOf({ token, ip }: PresentedClient, held?: KnownSubjects): Promise<OwnRights> {
    const asked = { ...GRANTING, ...(ip !== undefined && { ip }) };
    const own = await this.directory.ownOfToken(token, asked, this.clock.now(), held);
    if (!own) throw new AppError('auth.unauthorized');
    return own;
  }

  /**
   * Identity's rows are not ours to hold. So they are read again when all else is done: what had changed by then is seen. Scope sets are ours:
   * they are held as they were.
   */
  async #confirmSession(presented: PresentedSession, caller: Caller, before: OwnRights): Promise<void> {
    if (isSame(await this.#ownOfSession(presented, caller, before.sets), before)) return;
    throw new AppError('auth.forbidden', {
      public: 'What you may do in the workspace has changed meanwhile. Try again.',
    });
  }

  async #ownOfSession(
    presented: PresentedSession,
    { workspaceId, userId }: Caller,
    held?: KnownSubjects,
  ): Promise<OwnRights> {
    const of = { ...presented, workspaceId, userId };
    const standing = await this.directory.sessionStanding(of, GRANTING, this.clock.now(), held);
    if (!standing) throw new AppError('auth.unauthorized');
    return standing;
  }
}

const isSame = ({ own: one }: OwnRights, { own: other }: OwnRights): boolean =>
  JSON.stringify([one.grant, one.ofOwner]) === JSON.stringify([other.grant, other.ofOwner]);

/** Whether the secret still stands for its key. */
export const passes = (
  key: KeyState,
  { workspaceId, secretId }: Pick<ActiveKey, 'workspaceId'> & Pick<PresentedKey, 'secretId'>,
  now: Date,
): key is ActiveKey =>
  key.status === 'Active' &&
  key.workspaceId === workspaceId &&
  !isExpired(key, now) &&
  liveSecrets(key, now).some(({ number }) => secretIdOf(key.keyId, number) === secretId);
