import {
  decisionEvents,
  eventEnvelope,
  secretIdOf,
  type DecisionsRecorded,
  type DecisionTable,
} from '@latchkey/contracts';
import { payloadOf, PoisonMessageError, type DeliveredMessage } from '@latchkey/event-bus';
import { usersIn, type OldSecretUses } from './old-secret-users';
import type { KeyUses, SecretUse } from '../ports';
import { usesOfKeys } from './uses-of-keys';

const BATCH = 'latchkey.decisions.recorded.v1';
const STOPPED = 'latchkey.node.stopped.v1';

/** Nodes of enforcement, as far as their record is heard. */
export interface DecisionNodes {
  /** All that the node has decided until then is known. */
  heard(node: string, until: Date): Promise<void>;
  /** It has stopped, and told all. */
  gone(node: string): Promise<void>;
}

/**
 * Keeps when keys were last used, who uses old secrets, and how far that is known, from the batches of decisions: a few writes for each batch,
 * however many calls are in it.
 */
export class NoteUses {
  constructor(
    private readonly uses: KeyUses,
    private readonly oldSecrets: Pick<OldSecretUses, 'among' | 'count'>,
    private readonly nodes: DecisionNodes,
  ) {}

  async handle(message: DeliveredMessage): Promise<void> {
    const batch = payloadOf(message, BATCH, decisionEvents[BATCH]);
    if (batch !== null) return this.#note(batch, message);
    const stopped = payloadOf(message, STOPPED, decisionEvents[STOPPED]);
    if (stopped !== null) await this.nodes.gone(stopped.node);
  }

  async #note({ node, boot, decisions }: DecisionsRecorded['data'], message: DeliveredMessage): Promise<void> {
    const uses = usesIn(decisions);
    await this.uses.note(uses);
    const old = await this.oldSecrets.among(uses);
    if (old.size > 0) {
      await this.oldSecrets.count({ boot, position: positionOf(message) }, usersIn(decisions, old));
    }
    await this.nodes.heard(node, lastTime(decisions));
  }
}

const numbered = eventEnvelope.pick({ position: true }).loose();

function positionOf({ value }: DeliveredMessage): number {
  const event = numbered.safeParse(JSON.parse(value.toString()));
  if (!event.success) throw new PoisonMessageError('a batch without a position');
  return Number(event.data.position);
}

/** Of the last decision in it; a batch without any was made at its own time. */
const lastTime = ({ from, rows }: DecisionTable): Date =>
  new Date(rows.reduce((latest, [sinceMs]) => Math.max(latest, from + sinceMs), from));

/** The latest use of each secret. */
export function usesIn(table: DecisionTable): SecretUse[] {
  const latest = new Map<string, SecretUse>();
  for (const { keyId, secretNumber, at } of usesOfKeys(table)) {
    const name = secretIdOf(keyId, secretNumber);
    const known = latest.get(name);
    if (!known || known.at < at) latest.set(name, { keyId, secretNumber, at });
  }
  return [...latest.values()];
}
