import { decisionEvents, decisionsIn, type DecidedSecret, type DecisionTable } from '@latchkey/contracts';
import { payloadOf, type DeliveredMessage } from '@latchkey/event-bus';
import type { KeyUses, SecretUse } from './ports';

const BATCH = 'latchkey.decisions.recorded.v1';

/** Keeps when keys were last used, from the batches of decisions: one write for each batch, however many calls are in it. */
export class NoteUses {
  constructor(private readonly uses: KeyUses) {}

  async handle(message: DeliveredMessage): Promise<void> {
    const batch = payloadOf(message, BATCH, decisionEvents[BATCH]);
    if (batch !== null) await this.uses.note(usesIn(batch.decisions));
  }
}

/**
 * A key is used by a call that was allowed: who was refused has used nothing, and who only looks at it (cost 0) does not use it; a service token by every call to the check. The latest use of
 * each secret.
 */
export function usesIn(table: DecisionTable): SecretUse[] {
  const latest = new Map<string, SecretUse>();
  const note = (secret: DecidedSecret, timeMs: number) => {
    if (!('keyId' in secret)) return;
    const { keyId, number: secretNumber } = secret;
    const name = `${keyId}.${secretNumber}`;
    const known = latest.get(name);
    if (!known || known.at.getTime() < timeMs) latest.set(name, { keyId, secretNumber, at: new Date(timeMs) });
  };
  for (const { outcome, secret, caller, cost, timeMs } of decisionsIn(table)) {
    if (outcome === 'allowed' && secret !== null && cost > 0) note(secret, timeMs);
    if (caller?.kind === 'token') note(caller.secret, timeMs);
  }
  return [...latest.values()];
}
