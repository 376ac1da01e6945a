import { z } from 'zod';
import { SOURCES } from '../topics';
import type { EventEnvelope } from './envelope';
import { dropped, nodeEnvelope, nodeEvents, nodeRef, type NodeStarted, type NodeStopped } from './node-events';

const text = z.string().nullable();

/**
 * An attempt to sign in. It holds neither the address that was typed, which may be anybody's, nor anything of what was to prove who it
 * is.
 */
const signIn = z.strictObject({
  /** Unix ms. */
  timeMs: z.number().int().min(0),
  /** `succeeded`, or why not: the true reason, also where the one who tried was told less. */
  outcome: z.string(),
  /** What was shown: `password`, or a second factor. */
  method: z.string(),
  /** Null where there is no such account. */
  userId: text,
  /** Where the user was to arrive; null where there is none. */
  workspaceId: text,
  ip: text,
  userAgent: text,
  /** Whether a captcha was asked for, and what became of it. */
  captcha: z.string(),
});

export type SignInEntry = Readonly<z.infer<typeof signIn>>;

/** Payloads of `latchkey.sign_ins.v1`: what the nodes of identity have seen of people who sign in. */
export const signInEvents = {
  ...nodeEvents,
  'latchkey.sign_ins.recorded.v1': z.strictObject({ ...nodeRef, dropped, signIns: z.array(signIn) }),
} as const;

/** A batch; one without sign-ins is a heartbeat. */
export type SignInsRecorded = {
  readonly type: 'latchkey.sign_ins.recorded.v1';
  readonly data: z.infer<(typeof signInEvents)['latchkey.sign_ins.recorded.v1']>;
};

export type SignInEvent = NodeStarted | SignInsRecorded | NodeStopped;

/** @param position from 1 */
export const signInEnvelope = (event: SignInEvent, position: number, at: Date): EventEnvelope =>
  nodeEnvelope(SOURCES.identity, event, position, at);
