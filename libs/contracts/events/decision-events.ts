import { z } from 'zod';
import { SOURCES } from '../topics';
import { decisionTable } from './decision-table';
import type { EventEnvelope } from './envelope';
import { dropped, nodeEnvelope, nodeEvents, nodeRef, type NodeStarted, type NodeStopped } from './node-events';

/** Payloads of `latchkey.decisions.v1`: what the nodes of enforcement have decided. */
export const decisionEvents = {
  ...nodeEvents,
  'latchkey.decisions.recorded.v1': z.strictObject({ ...nodeRef, dropped, decisions: decisionTable }),
} as const;

/** A batch; one without decisions is a heartbeat. */
export type DecisionsRecorded = {
  readonly type: 'latchkey.decisions.recorded.v1';
  readonly data: z.infer<(typeof decisionEvents)['latchkey.decisions.recorded.v1']>;
};

export type DecisionEvent = NodeStarted | DecisionsRecorded | NodeStopped;

/** @param position from 1 */
export const decisionEnvelope = (event: DecisionEvent, position: number, at: Date): EventEnvelope =>
  nodeEnvelope(SOURCES.enforcement, event, position, at);
