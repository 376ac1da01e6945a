import {
  accessTokenEvents,
  decisionEvents,
  decisionsIn,
  INSTALLATION,
  nodeOfSource,
  signInEvents,
  type AccessTokenEvent,
  type DecisionEvent,
  type SignInEvent,
  type EventEnvelope,
} from '@latchkey/contracts';
import { PoisonMessageError } from '@latchkey/event-bus';
import type { z } from 'zod';
import {
  accessTokenKind,
  decisionKind,
  partsOf,
  signInKind,
  spanOf,
  type BatchPart,
  type TelemetryEntry,
  type TelemetryKind,
  type TimeSpan,
} from './telemetry-kinds';

/** An event of a node that records telemetry. */
export interface TelemetryBatch {
  readonly event: EventEnvelope;
  readonly node: string;
  readonly boot: string;
  /** Of the first and last entry; null without any. */
  readonly span: TimeSpan | null;
  readonly parts: readonly BatchPart[];
  /** How often the node says that it lives; null when this event does not tell. */
  readonly heartbeatMs: number | null;
  /** Whether nothing comes after it. */
  readonly isLast: boolean;
  /** Entries that the node has lost in this boot so far. */
  readonly dropped: number;
}

/** @throws PoisonMessageError for what no node sends */
export function batchOf(event: EventEnvelope): TelemetryBatch {
  const source = nodeOfSource(event.source);
  if (source === null) throw new PoisonMessageError('not from a node');
  const batch = { ...source, event, span: null, heartbeatMs: null, isLast: false, dropped: 0 };
  const known = knownEvent(event);
  // An event of a type that this version does not know happened all the same.
  if (known === null) return { ...batch, parts: [wholeOf(event)] };
  switch (known.type) {
    case 'latchkey.node.started.v1':
      return { ...batch, parts: [], heartbeatMs: known.data.heartbeatMs };
    case 'latchkey.node.stopped.v1':
      return { ...batch, parts: [], isLast: true, dropped: known.data.dropped };
    case 'latchkey.decisions.recorded.v1': {
      const { decisions, dropped } = known.data;
      return { ...batch, ...told(decisionKind, decisionsIn(decisions)), dropped };
    }
    case 'latchkey.sign_ins.recorded.v1': {
      const { signIns, dropped } = known.data;
      return { ...batch, ...told(signInKind, signIns), dropped };
    }
    case 'latchkey.access_tokens.recorded.v1': {
      const { accessTokens, dropped } = known.data;
      return { ...batch, ...told(accessTokenKind, accessTokens), dropped };
    }
  }
}

const told = <Entry extends TelemetryEntry>(kind: TelemetryKind<Entry>, entries: readonly Entry[]) => ({
  span: spanOf(entries),
  parts: partsOf(kind, entries),
});

const telemetryEvents = { ...decisionEvents, ...signInEvents, ...accessTokenEvents };

type KnownEvent = DecisionEvent | SignInEvent | AccessTokenEvent;

function knownEvent({ type, data }: EventEnvelope): KnownEvent | null {
  if (!isTelemetryType(type)) return null;
  const schema: z.ZodType = telemetryEvents[type];
  const result = schema.safeParse(data);
  // Its reasons would quote values, and what is in a broken message is not known.
  if (!result.success) throw new PoisonMessageError(`not an event of type ${type}`);
  return { type, data: result.data } as KnownEvent;
}

const isTelemetryType = (type: string): type is keyof typeof telemetryEvents => Object.hasOwn(telemetryEvents, type);

const wholeOf = ({ data }: EventEnvelope): BatchPart => ({
  workspaceId: INSTALLATION,
  ...{ kind: null, userId: null, entries: 0, denied: 0, span: null },
  content: JSON.stringify(data) ?? 'null',
});
