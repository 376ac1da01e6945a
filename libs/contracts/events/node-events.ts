import { z } from 'zod';
import { INSTALLATION, sourceOfNode } from '../topics';
import type { EventEnvelope } from './envelope';

/** Of every payload: which process tells. */
export const nodeRef = {
  /** The same over restarts, as it is kept with the node's data. */
  node: z.string(),
  /** Of one run of its process: UUIDv7, so that runs sort by their start. */
  boot: z.string(),
};
/** How many entries of this boot have been lost so far, as they could neither be written nor kept in memory. */
export const dropped = z.number().int().min(0);

/**
 * What every process tells of itself that records telemetry. Each boot of a node is a source of its own. Its events have positions from 1
 * without gaps, begin with `started`, and end with `stopped` unless the process ended otherwise. They belong to no workspace; what is in
 * them does.
 */
export const nodeEvents = {
  'latchkey.node.started.v1': z.strictObject({
    ...nodeRef,
    startedAt: z.iso.datetime(),
    /** A node that has nothing to tell says so this often: one that is silent for several of these is gone, or cut off. */
    heartbeatMs: z.number().int().positive(),
  }),
  'latchkey.node.stopped.v1': z.strictObject({ ...nodeRef, dropped, stoppedAt: z.iso.datetime() }),
} as const;

type PayloadOf<Type extends keyof typeof nodeEvents> = z.infer<(typeof nodeEvents)[Type]>;

export type NodeStarted = {
  readonly type: 'latchkey.node.started.v1';
  readonly data: PayloadOf<'latchkey.node.started.v1'>;
};
export type NodeStopped = {
  readonly type: 'latchkey.node.stopped.v1';
  readonly data: PayloadOf<'latchkey.node.stopped.v1'>;
};

/** An event of a node, of whatever kind of telemetry. */
export interface NodeEvent {
  readonly type: string;
  readonly data: { readonly node: string; readonly boot: string };
}

/** @param service CloudEvents source of the service that the node is one of @param position from 1 */
export function nodeEnvelope(service: string, { type, data }: NodeEvent, position: number, at: Date): EventEnvelope {
  const { node, boot } = data;
  const id = `${boot}.${position}`;
  return {
    specversion: '1.0',
    id,
    source: sourceOfNode(service, node, boot),
    type,
    subject: node,
    time: at.toISOString(),
    datacontenttype: 'application/json',
    streamversion: position,
    position: String(position),
    workspaceid: INSTALLATION,
    actorid: node,
    requestid: id,
    data,
  };
}
