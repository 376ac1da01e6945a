import { issueOnce, type RepeatableRequest } from '@latchkey/event-store';
import type { Clock } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type { RotateClientSecret } from '../domain/client/commands';
import { decide } from '../domain/client/decide';
import { metaOf, type Caller } from './caller';
import { findClient } from './find-client';
import type { Grantors } from './grantors';
import { earlierIn, repeatable, type AlreadyIssued, type IssuedClient } from './issuance';
import type { ClientList, ClientStore, IssuedRequests, ListedClient, Randomness } from './ports';

const HOUR_MS = 3_600_000;

export class RotateClientSecretHandler {
  constructor(
    private readonly clients: ClientStore,
    private readonly requests: IssuedRequests,
    private readonly list: ClientList,
    private readonly grantors: Grantors,
    private readonly settlement: Settlement,
    private readonly random: Randomness,
    private readonly clock: Clock,
  ) {}

  /**
   * When it resolves, the new secret passes everywhere, and with grace 0 neither the old one nor any token passes anywhere.
   * @param gracePeriodHours 0 to 720, fractions allowed (C28)
   * @param idempotencyKey `null`: the request is not repeated
   * @throws AppError what `findClient`, `Grantors.of`, `decide` and `issueOnce` throw; `stream.version_conflict` for all but one of several at once
   */
  async execute(
    id: string,
    gracePeriodHours: number,
    caller: Caller,
    idempotencyKey: string | null,
  ): Promise<IssuedClient | AlreadyIssued> {
    const client = await findClient(this.list, caller.workspaceId, id);
    const known = repeatable(caller, idempotencyKey, `rotate ${client.clientId}`, { gracePeriodHours });
    const issued = await issueOnce(known, earlierIn(this.requests, this.clock.now()), () =>
      this.#rotate(client, gracePeriodHours, caller, known),
    );
    await this.settlement.settle([issued.changed]);
    return issued;
  }

  async #rotate(
    { clientId, scopeSetIds, lastSecretNumber: replaces, lastUsedAt }: ListedClient,
    gracePeriodHours: number,
    caller: Caller,
    known: RepeatableRequest | null,
  ): Promise<IssuedClient> {
    const now = this.clock.now();
    const [{ grantor, confirm }, lost] = await Promise.all([
      this.grantors.of(caller, scopeSetIds),
      this.requests.isLost({ id: clientId, secretNumber: replaces }, now),
    ]);
    const secret = this.random.clientSecret(grantor.profile);
    const gracePeriodMs = Math.round(gracePeriodHours * HOUR_MS);
    const command: RotateClientSecret = { type: 'RotateClientSecret', replaces, lost, gracePeriodMs, grantor, now };
    const written = await this.clients.write({
      clientId,
      decide: (state) => decide(command, state),
      meta: metaOf(caller, now),
      newSecret: secret,
      ...(known && { request: known }),
      beforeCommit: confirm,
    });
    return { kind: 'issued', ...written, secret, lastUsedAt };
  }
}
