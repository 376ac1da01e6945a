import {
  decisionEvents,
  decisionsIn,
  INSTALLATION,
  nodeOfSource,
  tableOf,
  type Decision,
  type DecisionEvent,
  type EventEnvelope,
} from '@latchkey/contracts';
import { PoisonMessageError } from '@latchkey/event-bus';
import type { z } from 'zod';

/** What one batch says of one workspace. It holds addresses of callers, so it is kept under the workspace's key. */
export interface BatchPart {
  readonly workspaceId: string;
  readonly decisions: number;
  /** JSON. */
  readonly content: string;
}

/** An event of a node of enforcement. */
export interface DecisionBatch {
  readonly event: EventEnvelope;
  readonly node: string;
  readonly boot: string;
  /** Of the first and last decision; null without any. */
  readonly firstAt: Date | null;
  readonly lastAt: Date | null;
  readonly parts: readonly BatchPart[];
  /** How often the node says that it lives; null when this event does not tell. */
  readonly heartbeatMs: number | null;
  /** Whether nothing comes after it. */
  readonly isLast: boolean;
  /** Decisions that the node has lost in this boot so far. */
  readonly dropped: number;
}

/** @throws PoisonMessageError for what no node sends */
export function batchOf(event: EventEnvelope): DecisionBatch {
  const source = nodeOfSource(event.source);
  if (source === null) throw new PoisonMessageError('not from a node of enforcement');
  const batch = { ...source, event, firstAt: null, lastAt: null, heartbeatMs: null, isLast: false, dropped: 0 };
  const known = knownEvent(event);
  // An event of a type that this version does not know happened all the same.
  if (known === null) return { ...batch, parts: [wholeOf(event)] };
  switch (known.type) {
    case 'latchkey.node.started.v1':
      return { ...batch, parts: [], heartbeatMs: known.data.heartbeatMs };
    case 'latchkey.node.stopped.v1':
      return { ...batch, parts: [], isLast: true, dropped: known.data.dropped };
    case 'latchkey.decisions.recorded.v1': {
      const decisions = decisionsIn(known.data.decisions);
      const { first, last } = spanOf(decisions);
      return { ...batch, firstAt: first, lastAt: last, dropped: known.data.dropped, parts: partsOf(decisions) };
    }
  }
}

function knownEvent({ type, data }: EventEnvelope): DecisionEvent | null {
  if (!isDecisionType(type)) return null;
  const schema: z.ZodType = decisionEvents[type];
  const result = schema.safeParse(data);
  // Its reasons would quote values, and what is in a broken message is not known.
  if (!result.success) throw new PoisonMessageError(`not an event of type ${type}`);
  return { type, data: result.data } as DecisionEvent;
}

const isDecisionType = (type: string): type is DecisionEvent['type'] => Object.hasOwn(decisionEvents, type);

const wholeOf = ({ data }: EventEnvelope): BatchPart => ({
  workspaceId: INSTALLATION,
  decisions: 0,
  content: JSON.stringify(data) ?? 'null',
});

function spanOf(decisions: readonly Decision[]): { first: Date | null; last: Date | null } {
  if (decisions.length === 0) return { first: null, last: null };
  const times = decisions.map(({ timeMs }) => timeMs);
  const extreme = (pick: (a: number, b: number) => number) => new Date(times.reduce((a, b) => pick(a, b)));
  return { first: extreme(Math.min), last: extreme(Math.max) };
}

/** Decisions on credentials that nobody knows are the installation's. Sorted, so that two batches take keys in one order. */
function partsOf(decisions: readonly Decision[]): BatchPart[] {
  const byWorkspace = new Map<string, Decision[]>();
  for (const decision of decisions) {
    const workspaceId = decision.secret?.workspaceId ?? INSTALLATION;
    const known = byWorkspace.get(workspaceId);
    if (known) known.push(decision);
    else byWorkspace.set(workspaceId, [decision]);
  }
  return [...byWorkspace]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([workspaceId, own]) => ({
      workspaceId,
      decisions: own.length,
      content: JSON.stringify(tableOf(own, 0)),
    }));
}
