import { issueOnce, type RepeatableRequest } from '@latchkey/event-store';
import { clientId, type Clock, type IdSource } from '@latchkey/kernel';
import type { PublicJwk } from '../domain/client/client';
import type { Grantor, RegisterClient } from '../domain/client/commands';
import { decide } from '../domain/client/decide';
import { metaOf, type Caller } from './caller';
import type { Grantors } from './grantors';
import { earlierIn, repeatable, type AlreadyIssued, type IssuedClient } from './issuance';
import type { ClientStore, IssuedRequests, Randomness } from './ports';
import { readRequested, type RequestedClient } from './requested-client';

/** As S1-09 and S1-11 have it. */
const TOKEN_LIFETIME_SECONDS = 3_600;

/** Absent: addresses and assets as the caller's own credential has them, the profile's default plan, and a secret to authenticate with. */
export interface RegisterClientRequest extends RequestedClient {
  readonly name: string;
  readonly scopes: readonly string[];
}

export class RegisterClientHandler {
  constructor(
    private readonly clients: ClientStore,
    private readonly requests: IssuedRequests,
    private readonly grantors: Grantors,
    private readonly random: Randomness,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Nothing has to be settled: no node can know a client that there was not.
   * @param idempotencyKey `null`: the request is not repeated
   * @throws AppError what `Grantors.of`, `readRequested`, `decide` and `issueOnce` throw
   */
  async execute(
    request: RegisterClientRequest,
    caller: Caller,
    idempotencyKey: string | null,
  ): Promise<IssuedClient | AlreadyIssued> {
    const known = repeatable(caller, idempotencyKey, 'register', request);
    return issueOnce(known, earlierIn(this.requests, this.clock.now()), () => this.#register(request, caller, known));
  }

  async #register(
    request: RegisterClientRequest,
    caller: Caller,
    known: RepeatableRequest | null,
  ): Promise<IssuedClient> {
    const { grantor, confirm } = await this.grantors.of(caller, request.scopeSets);
    const { workspaceId, userId } = caller;
    const now = this.clock.now();
    const newClientId = clientId(this.ids.next());
    const { publicKeys } = request;
    const secret = publicKeys ? null : this.random.clientSecret(grantor.profile);
    const command: RegisterClient = {
      type: 'RegisterClient',
      ...{
        clientId: newClientId,
        workspaceId,
        userId,
        ...requestedBy(request, grantor),
        ...authenticationBy(publicKeys),
      },
      ...{ grantor, now },
    };
    const written = await this.clients.write({
      clientId: newClientId,
      decide: (state) => decide(command, state),
      meta: metaOf(caller, now),
      ...(secret && { newSecret: secret }),
      ...(known && { request: known }),
      beforeCommit: confirm,
    });
    return { kind: 'issued', ...written, secret, lastUsedAt: null };
  }
}

const authenticationBy = (
  publicKeys: readonly PublicJwk[] = [],
): Pick<RegisterClient, 'authentication' | 'publicKeys'> => ({
  authentication: publicKeys.length > 0 ? 'private_key_jwt' : 'client_secret',
  publicKeys,
});

/** What is not asked for is what the caller has, so that a short request does not ask for too much. */
function requestedBy(
  request: RegisterClientRequest,
  grantor: Grantor,
): Pick<RegisterClient, 'name' | 'grant' | 'scopesAsSent' | 'scopeSetIds' | 'tokenLifetimeSeconds'> {
  const { profile, grant: own } = grantor;
  const {
    scopeSetIds = [],
    scopes = { canonical: [], asSent: [] },
    allowedIps = own.allowedIps,
    assets = own.assets,
    plan = profile.defaultPlan,
    tokenLifetimeSeconds = TOKEN_LIFETIME_SECONDS,
  } = readRequested(grantor, request);
  return {
    name: request.name,
    grant: { scopes: scopes.canonical, allowedIps, assets, plan },
    scopesAsSent: scopes.asSent,
    scopeSetIds,
    tokenLifetimeSeconds,
  };
}
