import type { Clock } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type { ChangeClient } from '../domain/client/commands';
import { decide } from '../domain/client/decide';
import { metaOf, type Caller } from './caller';
import { findClient } from './find-client';
import type { Grantors } from './grantors';
import type { ClientList, ClientStore, ListedClient } from './ports';
import { readRequested, type RequestedClient } from './requested-client';

export class ChangeClientHandler {
  constructor(
    private readonly clients: ClientStore,
    private readonly list: ClientList,
    private readonly grantors: Grantors,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /**
   * Fields that are absent stay as they are. When it resolves, no node goes by the client as it was: a token that was issued for more is good
   * for what is left.
   * @throws AppError what `findClient`, `Grantors.of`, `readRequested`, `decide` and `ClientStore.write` throw
   */
  async execute(id: string, request: RequestedClient, caller: Caller): Promise<ListedClient> {
    const { clientId, scopeSetIds, lastUsedAt } = await findClient(this.list, caller.workspaceId, id);
    const { grantor, confirm } = await this.grantors.of(caller, [...scopeSetIds, ...(request.scopeSets ?? [])]);
    const now = this.clock.now();
    const command: ChangeClient = {
      type: 'ChangeClient',
      changes: readRequested(grantor, request, scopeSetIds),
      grantor,
      now,
    };
    const { client, changed } = await this.clients.write({
      clientId,
      decide: (state) => decide(command, state),
      meta: metaOf(caller, now),
      beforeCommit: confirm,
    });
    await this.settlement.settle([changed]);
    return { ...client, lastUsedAt };
  }
}
