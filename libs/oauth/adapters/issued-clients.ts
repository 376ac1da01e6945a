import type { IssuedSecret, IssuedSecrets, RepeatableRequest } from '@latchkey/event-store';
import { clientId, workspaceId } from '@latchkey/kernel';
import type { OwnerReader } from '@latchkey/live-state';
import type { EarlierRequest, IssuedRequests } from '../application/ports';
import { currentSubject } from './current-subject';

/** Requests that have made a client or a secret, in oauth's schema. */
export class IssuedClients implements IssuedRequests {
  constructor(
    private readonly requests: IssuedSecrets,
    private readonly subjects: OwnerReader,
  ) {}

  async find(request: RepeatableRequest, now: Date): Promise<EarlierRequest | null> {
    const issued = await this.requests.find(request, now);
    if (!issued) return null;
    const client = { clientId: clientId(issued.id), workspaceId: workspaceId(request.workspaceId) };
    return { clientId: client.clientId, changed: await currentSubject(this.subjects, client) };
  }

  isLost(secret: IssuedSecret, now: Date): Promise<boolean> {
    return this.requests.isLost(secret, now);
  }
}
