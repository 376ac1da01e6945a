import { isAppError, keyId, type Clock, type IdSource, type Secret } from '@latchkey/kernel';
import { ADMIN_SCOPE, displayScope, parseKey, profileByName, UNLIMITED_PLAN } from '@latchkey/access';
import type { Claim } from '@latchkey/event-store';
import { PLAIN_KEY, type CreateKey } from '../domain/key/commands';
import { decide } from '../domain/key/decide';
import { withDisplayId } from './display-id';
import { secretIdOf, type FirstWorkspace } from '@latchkey/contracts';
import { passes } from './grantors';
import type { KeyStore, Randomness, SecretDirectory, WorkspaceDirectory } from './ports';

export interface FirstKeyOptions {
  /** `LATCHKEY_ADMIN_KEY`: the secret to use instead of a new one. */
  readonly adminKey?: Secret | undefined;
  /**
   * Puts the secret where the operator finds it. Runs before the key is committed: after a crash in between the next start
   * makes another key, so that none is ever lost.
   */
  readonly keep?: ((secret: Secret) => Promise<void>) | undefined;
}

/** What became of the first key. */
export type FirstKeyOutcome =
  /** This call has made it. */
  | { readonly kind: 'made'; readonly secret: Secret }
  /** An earlier start has. */
  | { readonly kind: 'exists' }
  /**
   * An earlier start has, and the `adminKey` given is none that passes: it was never issued here, or has ended since. Nothing brings
   * it in afterwards, as who can set a variable could undo a revoke.
   */
  | { readonly kind: 'admin_key_without_effect'; readonly cause: 'unknown' | 'ended' };

/** Held by the installation's first key for ever: of several instances that start at once, one makes it. */
const FIRST_KEY: Claim = { scope: 'installation', value: 'first_key' };

export class EnsureFirstKeyHandler {
  constructor(
    private readonly keys: KeyStore,
    private readonly secrets: SecretDirectory,
    private readonly directory: WorkspaceDirectory,
    private readonly random: Randomness,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes the first workspace's admin key at the first start.
   * @throws Error that names `LATCHKEY_ADMIN_KEY` when that is not a key of the first workspace's profile
   */
  async execute({ adminKey, keep }: FirstKeyOptions = {}): Promise<FirstKeyOutcome> {
    const first = await this.directory.first();
    const profile = profileOf(first);
    if (adminKey) refuseForeignKey(adminKey, profile.name);
    const secret = adminKey ?? this.random.secret(profile);
    const newKeyId = keyId(this.ids.next());
    const now = this.clock.now();
    try {
      await withDisplayId(this.random, first.workspaceId, ({ displayId, claim }) => {
        const command: CreateKey = {
          type: 'CreateKey',
          keyId: newKeyId,
          displayId,
          workspaceId: first.workspaceId,
          userId: first.ownerId,
          name: 'First admin key',
          grant: { scopes: [ADMIN_SCOPE], plan: UNLIMITED_PLAN, assets: 'all', allowedIps: [], expiresAt: null },
          scopesAsSent: [displayScope(profile, ADMIN_SCOPE)],
          ...PLAIN_KEY,
          grantor: { kind: 'installation' },
          now,
        };
        return this.keys.write({
          keyId: newKeyId,
          decide: (state) => decide(command, state),
          meta: { actorId: 'installation', workspaceId: first.workspaceId, requestId: 'first-start', at: now },
          newSecret: secret,
          claim: [claim, FIRST_KEY],
          ...(keep && { beforeCommit: () => keep(secret) }),
        });
      });
      return { kind: 'made', secret };
    } catch (error) {
      if (isAppError(error, 'claim.taken') && error.details['scope'] === FIRST_KEY.scope) {
        return adminKey ? this.standingOf(adminKey) : { kind: 'exists' };
      }
      throw error;
    }
  }

  private async standingOf(adminKey: Secret): Promise<FirstKeyOutcome> {
    const found = await this.secrets.find(adminKey);
    if (!found) return { kind: 'admin_key_without_effect', cause: 'unknown' };
    const { state } = await this.keys.load(found.keyId);
    const presented = {
      workspaceId: found.workspaceId,
      secretId: secretIdOf(found.keyId, found.secretNumber),
    };
    return passes(state, presented, this.clock.now())
      ? { kind: 'exists' }
      : { kind: 'admin_key_without_effect', cause: 'ended' };
  }
}

function profileOf({ profile }: FirstWorkspace) {
  const found = profileByName(profile);
  if (!found) throw new Error(`the first workspace has the profile ${profile}, which this version does not know`);
  return found;
}

function refuseForeignKey(adminKey: Secret, profile: string): void {
  const parsed = parseKey(adminKey.reveal());
  if (parsed.kind === 'key' && parsed.profile.name === profile) return;
  throw new Error(`LATCHKEY_ADMIN_KEY is not a valid key of the profile ${profile}`);
}
