import { z } from 'zod';
import { INSTALLATION, sourceOfNode } from '../topics';
import { decisionTable } from './decision-table';
import type { EventEnvelope } from './envelope';

const node = {
  /** Of the node: the same over restarts, as it is kept with the node's data. */
  node: z.string(),
  /** Of one run of its process: UUIDv7, so that runs sort by their start. */
  boot: z.string(),
};
/** How many decisions of this boot have been lost so far, as they could neither be written nor kept in memory. */
const dropped = z.number().int().min(0);

/**
 * Payloads of `latchkey.decisions.v1`: what the nodes of enforcement have decided. Each boot of a node is a source of its own. Its events
 * have positions from 1 without gaps, begin with `started`, and end with `stopped` unless the process ended otherwise. They belong to no
 * workspace; the decisions in them do.
 */
export const decisionEvents = {
  'latchkey.node.started.v1': z.strictObject({
    ...node,
    startedAt: z.iso.datetime(),
    /** A node that has nothing to tell says so this often: one that is silent for several of these is gone, or cut off. */
    heartbeatMs: z.number().int().positive(),
  }),
  'latchkey.decisions.recorded.v1': z.strictObject({ ...node, dropped, decisions: decisionTable }),
  'latchkey.node.stopped.v1': z.strictObject({ ...node, dropped, stoppedAt: z.iso.datetime() }),
} as const;

type PayloadOf<Type extends keyof typeof decisionEvents> = z.infer<(typeof decisionEvents)[Type]>;

export type NodeStarted = {
  readonly type: 'latchkey.node.started.v1';
  readonly data: PayloadOf<'latchkey.node.started.v1'>;
};
/** A batch; one without decisions is a heartbeat. */
export type DecisionsRecorded = {
  readonly type: 'latchkey.decisions.recorded.v1';
  readonly data: PayloadOf<'latchkey.decisions.recorded.v1'>;
};
export type NodeStopped = {
  readonly type: 'latchkey.node.stopped.v1';
  readonly data: PayloadOf<'latchkey.node.stopped.v1'>;
};

export type DecisionEvent = NodeStarted | DecisionsRecorded | NodeStopped;

/** @param position from 1 */
export function decisionEnvelope({ type, data }: DecisionEvent, position: number, at: Date): EventEnvelope {
  const { node: name, boot } = data;
  const id = `${boot}.${position}`;
  return {
    specversion: '1.0',
    id,
    source: sourceOfNode(name, boot),
    type,
    subject: name,
    time: at.toISOString(),
    datacontenttype: 'application/json',
    streamversion: position,
    position: String(position),
    workspaceid: INSTALLATION,
    actorid: name,
    requestid: id,
    data,
  };
}
