import { decisionEvents, decisionsIn, type DecidedSecret, type DecisionTable } from '@latchkey/contracts';
import { PoisonMessageError, type DeliveredMessage } from '@latchkey/event-bus';
import { z } from 'zod';
import type { KeyUses, SecretUse } from './ports';

const BATCH = 'latchkey.decisions.recorded.v1';
const anyEvent = z.looseObject({ type: z.string(), data: z.unknown() });

/** Keeps when keys were last used, from the batches of decisions: one write for each batch, however many calls are in it. */
export class NoteUses {
  constructor(private readonly uses: KeyUses) {}

  async handle({ value }: DeliveredMessage): Promise<void> {
    const table = tableIn(value);
    if (table !== null) await this.uses.note(usesIn(table));
  }
}

/** Null for an event of another type. @throws PoisonMessageError, whose reason quotes no value */
function tableIn(value: Buffer): DecisionTable | null {
  const event = anyEvent.safeParse(json(value));
  if (!event.success) throw new PoisonMessageError('not an event');
  if (event.data.type !== BATCH) return null;
  const batch = decisionEvents[BATCH].safeParse(event.data.data);
  if (!batch.success) throw new PoisonMessageError(`not an event of type ${BATCH}`);
  return batch.data.decisions;
}

function json(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString());
  } catch {
    throw new PoisonMessageError('not JSON');
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
