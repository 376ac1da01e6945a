import {
  accessTokenEvents,
  decisionEvents,
  decisionsIn,
  INSTALLATION,
  nodeOfSource,
  signInEvents,
  tableOf,
  type AccessTokenEntry,
  type AccessTokenEvent,
  type Decision,
  type DecisionEvent,
  type SignInEntry,
  type SignInEvent,
  type EventEnvelope,
} from '@latchkey/contracts';
import { PoisonMessageError } from '@latchkey/event-bus';
import type { z } from 'zod';

/** What one batch says of one workspace. It holds addresses of people and callers, so it is kept under the workspace's key. */
export interface BatchPart {
  readonly workspaceId: string;
  /** Decisions, sign-ins, or what became of requests for access tokens. */
  readonly entries: number;
  /** JSON. */
  readonly content: string;
}

/** An event of a node that records telemetry. */
export interface TelemetryBatch {
  readonly event: EventEnvelope;
  readonly node: string;
  readonly boot: string;
  /** Of the first and last entry; null without any. */
  readonly firstAt: Date | null;
  readonly lastAt: Date | null;
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
      const parts = partsOf(decisions, workspaceOfDecision, (own) => tableOf(own, 0));
      return { ...batch, firstAt: first, lastAt: last, dropped: known.data.dropped, parts };
    }
    case 'latchkey.sign_ins.recorded.v1':
      return { ...batch, dropped: known.data.dropped, ...asTheyAre(known.data.signIns) };
    case 'latchkey.access_tokens.recorded.v1':
      return { ...batch, dropped: known.data.dropped, ...asTheyAre(known.data.accessTokens) };
  }
}

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
  entries: 0,
  content: JSON.stringify(data) ?? 'null',
});

function spanOf(entries: readonly { readonly timeMs: number }[]): { first: Date | null; last: Date | null } {
  if (entries.length === 0) return { first: null, last: null };
  const times = entries.map(({ timeMs }) => timeMs);
  const extreme = (pick: (a: number, b: number) => number) => new Date(times.reduce((a, b) => pick(a, b)));
  return { first: extreme(Math.min), last: extreme(Math.max) };
}

/** Decisions on credentials that nobody knows are the installation's. */
const workspaceOfDecision = ({ secret }: Decision): string => secret?.workspaceId ?? INSTALLATION;

/** And so are attempts to sign in to accounts that nobody has, and requests of clients that nobody knows. */
function asTheyAre(
  entries: readonly (SignInEntry | AccessTokenEntry)[],
): Pick<TelemetryBatch, 'firstAt' | 'lastAt' | 'parts'> {
  const { first, last } = spanOf(entries);
  const workspaceOf = ({ workspaceId }: SignInEntry | AccessTokenEntry) => workspaceId ?? INSTALLATION;
  return { firstAt: first, lastAt: last, parts: partsOf(entries, workspaceOf, (own) => own) };
}

/** Sorted, so that two batches take keys in one order. */
function partsOf<Entry>(
  entries: readonly Entry[],
  workspaceOf: (entry: Entry) => string,
  contentOf: (own: readonly Entry[]) => unknown,
): BatchPart[] {
  const byWorkspace = new Map<string, Entry[]>();
  for (const entry of entries) {
    const workspaceId = workspaceOf(entry);
    const known = byWorkspace.get(workspaceId);
    if (known) known.push(entry);
    else byWorkspace.set(workspaceId, [entry]);
  }
  return [...byWorkspace]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([workspaceId, own]) => ({
      workspaceId,
      entries: own.length,
      content: JSON.stringify(contentOf(own)),
    }));
}
