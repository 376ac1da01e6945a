/** What the record knows of a node's boot. */
export interface NodePulse {
  readonly heartbeatMs: number;
  readonly lastSeenAt: Date;
  /** It said that nothing comes after. */
  readonly stopped: boolean;
  /** The same node has begun again since. */
  readonly replaced: boolean;
}

const HEARTBEATS_MISSED = 3;

/**
 * Since when a boot of a node should have been heard of; null while nothing is wrong, and once it has ended. A boot that was killed is silent
 * until its node begins again.
 * @param listeningSince when this process began to read: what came before, it may still have to catch up with
 */
export function silentSince(pulse: NodePulse | null, now: Date, listeningSince = new Date(0)): Date | null {
  if (pulse === null || pulse.stopped || pulse.replaced) return null;
  const heard = Math.max(pulse.lastSeenAt.getTime(), listeningSince.getTime());
  return now.getTime() - heard > HEARTBEATS_MISSED * pulse.heartbeatMs ? pulse.lastSeenAt : null;
}
