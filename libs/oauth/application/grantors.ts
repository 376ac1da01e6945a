import {
  decideByOwners,
  grantorsOwn,
  scopeSetsOf,
  scopesOfSets,
  type AccessRequest,
  type GrantorsOwn,
} from '@latchkey/access';
import type { CheckedRef, SubjectReader } from '@latchkey/contracts';
import { AppError, type Clock } from '@latchkey/kernel';
import type { Grantor } from '../domain/client/commands';
import { isSession, type Caller } from './caller';

export interface CallersGrant {
  /** What the caller has, as it is now. */
  readonly grantor: Grantor;
  /**
   * Looks again, right before the commit of what rests on it: the rows of other services are not ours to hold.
   * @throws AppError `auth.unauthorized`, `auth.forbidden`
   */
  confirm(this: void): Promise<void>;
}

/** What keeps a grant from resting on what its maker has no more. On in service; tests switch it off. */
export interface GrantorSafeguards {
  /** The caller is looked at again right before the commit. */
  readonly confirmed: boolean;
}

/** To whoever registers or changes an application. */
const GRANTING = { scopes: ['oauth:write'] };

/** Finds out how much a caller has from its owners' primaries: what enforcement let through may have been narrowed since. */
export class Grantors {
  constructor(
    private readonly reader: SubjectReader,
    private readonly clock: Clock,
    private readonly safeguards: GrantorSafeguards = { confirmed: true },
  ) {}

  /**
   * @param scopeSetIds those that are to be granted, or granted on
   * @throws AppError `auth.unauthorized` when the credential has ended in the meantime; `service.unavailable`
   */
  async of(caller: Caller, scopeSetIds: readonly string[] = []): Promise<CallersGrant> {
    const own = await this.#own(caller);
    const setScopes = scopesOfSets(await scopeSetsOf(this.reader, caller.workspaceId, scopeSetIds));
    return {
      grantor: { ...own, userId: caller.userId, setScopes },
      confirm: async () => {
        if (this.safeguards.confirmed) await this.#confirm(caller, own);
      },
    };
  }

  async #confirm(caller: Caller, before: GrantorsOwn): Promise<void> {
    const now = await this.#own(caller);
    if (JSON.stringify([now.grant, now.ofOwner]) === JSON.stringify([before.grant, before.ofOwner])) return;
    throw new AppError('auth.forbidden', { public: 'What your credential may do has changed meanwhile. Try again.' });
  }

  async #own(caller: Caller): Promise<GrantorsOwn> {
    const credential = await this.#credentialOf(caller);
    const asked: AccessRequest = { ...GRANTING, ...(caller.ip !== undefined && { ip: caller.ip }) };
    const { verdict, known } = await decideByOwners(this.reader, credential, asked);
    const hasEnded =
      verdict.kind === 'deny' || (verdict.notAfterMs !== null && this.clock.now().getTime() >= verdict.notAfterMs);
    const own = hasEnded ? null : grantorsOwn(credential, known);
    if (own === null) throw new AppError('auth.unauthorized');
    return own;
  }

  /** The check has seen a session's token, so its digest is the session's own. */
  async #credentialOf({ presented }: Caller): Promise<CheckedRef> {
    if (!isSession(presented)) return presented;
    const [snapshot] = await this.reader.read('identity', [{ kind: 'session', id: presented.sessionId }]);
    const session = snapshot?.body?.kind === 'session' ? snapshot.body : null;
    if (session?.tokenNumber !== presented.tokenNumber) throw new AppError('auth.unauthorized');
    return { ...presented, tokenSha256: session.tokenSha256 };
  }
}
