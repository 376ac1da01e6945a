import { accessTokenEvents, type AccessTokenEntry } from '@latchkey/contracts';
import { payloadOf, type DeliveredMessage } from '@latchkey/event-bus';
import type { ClientUse, ClientUses } from './ports';

const BATCH = 'latchkey.access_tokens.recorded.v1';

/** Keeps when clients last got a token, from the record of all processes: one write for each batch, however many tokens are in it. */
export class NoteClientUses {
  constructor(private readonly uses: ClientUses) {}

  async handle(message: DeliveredMessage): Promise<void> {
    const batch = payloadOf(message, BATCH, accessTokenEvents[BATCH]);
    if (batch !== null) await this.uses.note(clientUsesIn(batch.accessTokens));
  }
}

/** The latest token of each client. Who was refused has used nothing, and who asks about a token or ends it goes on with nothing. */
export function clientUsesIn(entries: readonly AccessTokenEntry[]): ClientUse[] {
  const latest = new Map<string, number>();
  for (const { outcome, clientId, timeMs } of entries) {
    if (outcome !== 'issued' || clientId === null) continue;
    latest.set(clientId, Math.max(timeMs, latest.get(clientId) ?? 0));
  }
  return [...latest].map(([clientId, timeMs]) => ({ clientId, at: new Date(timeMs) }));
}
