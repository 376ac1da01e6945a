import { AppError, type Clock } from '@latchkey/kernel';
import { UNLIMITED_PLAN, type Profile } from '@latchkey/access';
import { secretIdOf } from '@latchkey/contracts';
import type { Grantor } from '../domain/key/commands';
import { isExpired, liveSecrets, type ActiveKey, type KeyState } from '../domain/key/key';
import type { Caller } from './caller';
import type { KeyStore, KeyVersion, WorkspaceDirectory } from './ports';

export interface CallersGrant {
  /** The caller's own key, as it is now. */
  readonly key: ActiveKey;
  readonly profile: Profile;
  readonly grantor: Grantor;
  /** What to hold unchanged until the commit. */
  readonly version: KeyVersion;
}

/** Finds out how much a caller has, from issuance's own store: what enforcement let through may have been narrowed since. */
export class Grantors {
  constructor(
    private readonly keys: KeyStore,
    private readonly directory: WorkspaceDirectory,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `auth.unauthorized` when the caller's key, or the secret that was presented, has ended in the meantime. */
  async of(caller: Caller): Promise<CallersGrant> {
    const [{ state: key, version }, profile] = await Promise.all([
      this.keys.load(caller.keyId),
      this.directory.profileOf(caller.workspaceId),
    ]);
    if (!passes(key, caller, this.clock.now())) throw new AppError('auth.unauthorized');
    // The role matters only to a key that is unlimited itself.
    const ofOwner =
      key.plan === UNLIMITED_PLAN && (await this.directory.roleOf(key.workspaceId, key.userId)) === 'owner';
    return {
      key,
      profile,
      grantor: { kind: 'credential', profile, grant: key, ofOwner },
      version: { keyId: key.keyId, version },
    };
  }
}

/** Whether the secret still stands for its key. */
export const passes = (
  key: KeyState,
  { workspaceId, secretId }: Pick<Caller, 'workspaceId' | 'secretId'>,
  now: Date,
): key is ActiveKey =>
  key.status === 'Active' &&
  key.workspaceId === workspaceId &&
  !isExpired(key, now) &&
  liveSecrets(key, now).some(({ number }) => secretIdOf(key.keyId, number) === secretId);
