import { issueOnce, type RepeatableRequest } from '@latchkey/event-store';
import { keyId, type Clock, type IdSource } from '@latchkey/kernel';
import type { CreateKey } from '../domain/key/commands';
import { decide } from '../domain/key/decide';
import { metaOf, type Caller } from './caller';
import { withDisplayId } from './display-id';
import type { Grantors } from './grantors';
import { earlierIn, repeatable, type Issuance, type IssuedKey } from './issuance';
import type { IssuedRequests, KeyStore, Randomness } from './ports';
import { requestedKey, type CreateKeyRequest } from './requested-key';

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
   * @throws AppError what `requestedKey`, `decide` and `issueOnce` throw
   */
  async execute(request: CreateKeyRequest, caller: Caller, idempotencyKey: string | null = null): Promise<Issuance> {
    const known = repeatable(caller, idempotencyKey, 'create', request);
    return issueOnce(known, earlierIn(this.requests, this.clock.now()), () => this.#issue(request, caller, known));
  }

  async #issue(request: CreateKeyRequest, caller: Caller, known: RepeatableRequest | null): Promise<IssuedKey> {
    const own = await this.grantors.of(caller);
    const requested = await requestedKey(request, own, this.grantors, caller);
    const { workspaceId, userId } = caller;
    const now = this.clock.now();
    const newKeyId = keyId(this.ids.next());
    const secret = this.random.secret(own.profile);

    const written = await withDisplayId(this.random, workspaceId, ({ displayId, claim }) => {
      const command: CreateKey = {
        type: 'CreateKey',
        ...{ keyId: newKeyId, displayId, workspaceId, userId, ...requested, imported: null, grantor: own.grantor, now },
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
