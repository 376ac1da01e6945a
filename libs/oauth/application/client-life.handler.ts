import type { Clock } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type { ClientCommand } from '../domain/client/commands';
import { decide } from '../domain/client/decide';
import { metaOf, type Caller } from './caller';
import { findClient } from './find-client';
import type { Grantors } from './grantors';
import type { ClientList, ClientStore, ListedClient } from './ports';

const REASON = 'requested';

/** What ends a client, or its tokens, for a time or for ever. When a method resolves, it holds on every node: also when it held before. */
export class ClientLifeHandler {
  constructor(
    private readonly clients: ClientStore,
    private readonly list: ClientList,
    private readonly grantors: Grantors,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /** Reversible. @throws AppError `client.not_found`, `client.deleted` */
  suspend(id: string, caller: Caller): Promise<ListedClient> {
    return this.#write(id, caller, (now) => ({ type: 'SuspendClient', reason: REASON, now }));
  }

  /** @throws AppError `client.not_found`, `client.deleted`, `client.exceeds_grantor`; what `Grantors.of` throws */
  async resume(id: string, caller: Caller): Promise<ListedClient> {
    const { scopeSetIds } = await findClient(this.list, caller.workspaceId, id);
    const { grantor, confirm } = await this.grantors.of(caller, scopeSetIds);
    return this.#write(id, caller, (now) => ({ type: 'ResumeClient', grantor, now }), confirm);
  }

  /** Ends every access token that the client has. @throws AppError `client.not_found` */
  endTokens(id: string, caller: Caller): Promise<ListedClient> {
    return this.#write(id, caller, (now) => ({ type: 'EndTokens', reason: REASON, now }));
  }

  /** Permanent. @throws AppError `client.not_found` */
  async delete(id: string, caller: Caller): Promise<void> {
    await this.#write(id, caller, (now) => ({ type: 'DeleteClient', reason: REASON, now }));
  }

  async #write(
    id: string,
    caller: Caller,
    commandAt: (now: Date) => ClientCommand,
    beforeCommit?: () => Promise<void>,
  ): Promise<ListedClient> {
    const { clientId, lastUsedAt } = await findClient(this.list, caller.workspaceId, id);
    const now = this.clock.now();
    const command = commandAt(now);
    const { client, changed } = await this.clients.write({
      clientId,
      decide: (state) => decide(command, state),
      meta: metaOf(caller, now),
      ...(beforeCommit && { beforeCommit }),
    });
    await this.settlement.settle([changed]);
    return { ...client, lastUsedAt };
  }
}
