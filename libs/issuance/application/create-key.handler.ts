import { issueOnce, type RepeatableRequest } from '@latchkey/event-store';
import { readScopeSets } from '@latchkey/access';
import { keyId, type Clock, type IdSource } from '@latchkey/kernel';
import { PLAIN_KEY, type CreateKey } from '../domain/key/commands';
import { decide } from '../domain/key/decide';
import { metaOf, type Caller } from './caller';
import { withDisplayId } from './display-id';
import type { CallersGrant, Grantors } from './grantors';
import { earlierIn, repeatable, type Issuance, type IssuedKey } from './issuance';
import type { IssuedRequests, KeyStore, Randomness } from './ports';
import { readGrant, readScopes } from './requested-grant';

export interface CreateKeyRequest {
  readonly name: string;
  /** In any spelling of the workspace's profile. */
  readonly scopes: readonly string[];
  /** Ids of the workspace's scope sets, whose scopes it has besides. */
  readonly scopeSets?: readonly string[] | undefined;
  /** Empty: any. Absent: those of the caller's own key, any for a session. */
  readonly allowedIps?: readonly string[] | undefined;
  /** Absent: the profile's default. */
  readonly plan?: string | undefined;
  /** `null`: never. Absent: as long as the caller's own key, for ever for a session. */
  readonly expiresAt?: Date | null | undefined;
}

export class CreateKeyHandler {
  constructor(
    private readonly keys: KeyStore,
    private readonly requests: IssuedRequests,
    private readonly grantors: Grantors,
    private readonly random: Randomness,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Nothing has to be settled: no node can know a key that there was not.
   * @param idempotencyKey `null`: the request is not repeated
   * @throws AppError what `readGrant`, `readScopeSets`, `decide` and `issueOnce` throw
   */
  async execute(request: CreateKeyRequest, caller: Caller, idempotencyKey: string | null = null): Promise<Issuance> {
    const known = repeatable(caller, idempotencyKey, 'create', request);
    return issueOnce(known, earlierIn(this.requests, this.clock.now()), () => this.#issue(request, caller, known));
  }

  async #issue(request: CreateKeyRequest, caller: Caller, known: RepeatableRequest | null): Promise<IssuedKey> {
    const own = await this.grantors.of(caller);
    const setScopes = await this.grantors.scopesOfSets(caller, request.scopeSets ?? []);
    const scopeSetIds = readScopeSets(request.scopeSets ?? [], [], setScopes);
    const requested = requestedKey(request, own);
    const { workspaceId, userId } = caller;
    const now = this.clock.now();
    const newKeyId = keyId(this.ids.next());
    const secret = this.random.secret(own.profile);

    const written = await withDisplayId(this.random, workspaceId, ({ displayId, claim }) => {
      const command: CreateKey = {
        type: 'CreateKey',
        ...{ keyId: newKeyId, displayId, workspaceId, userId, ...requested, grantor: own.grantor, now },
        ...{ ...PLAIN_KEY, scopeSetIds, setScopes },
      };
      return this.keys.write({
        keyId: newKeyId,
        decide: (state) => decide(command, state),
        meta: metaOf(caller, now),
        ...own.hold,
        newSecret: secret,
        claim: [claim],
        ...(known && { request: known }),
      });
    });
    return { kind: 'issued', ...written, secret, lastUsedAt: null };
  }
}

/** What is not asked for is what the caller has, so that a short request does not ask for too much. */
function requestedKey(
  request: CreateKeyRequest,
  { grant: own, profile }: CallersGrant,
): Pick<CreateKey, 'name' | 'grant' | 'scopesAsSent'> {
  const { name, scopes, expiresAt = own.expiresAt } = request;
  const { canonical, asSent } = readScopes(profile, scopes);
  const { allowedIps = own.allowedIps, plan = profile.defaultPlan } = readGrant(profile, request);
  return { name, scopesAsSent: asSent, grant: { scopes: canonical, allowedIps, plan, assets: own.assets, expiresAt } };
}
