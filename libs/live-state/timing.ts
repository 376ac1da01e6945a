/** Every span of live state, in milliseconds. All of them follow from the lease (design: the check; L). */
export interface LiveStateTiming {
  /** L: how long a fence holds once it is renewed. */
  readonly leaseMs: number;
  readonly renewEveryMs: number;
  /** After a change whose invalidation was not confirmed, and before a new incarnation begins: 2 L (and 100 ms for a change). */
  readonly newIncarnationWaitMs: number;
  readonly settleWaitMs: number;
  /** An owner's answer may be put into Redis so long after the miss. */
  readonly fillAgeMaxMs: number;
  readonly markerTtlMs: number;
  /** An entry is asked for again after this; it bounds what idle keys cost. */
  readonly entryTtlMs: number;
  /** Safety does not depend on these three: they bound waiting. */
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly askTimeoutMs: number;
}

/** @param leaseMs 1,000 in service; tests shorten it */
export function liveStateTiming(leaseMs = 1_000): LiveStateTiming {
  return {
    leaseMs,
    renewEveryMs: leaseMs / 3,
    newIncarnationWaitMs: 2 * leaseMs,
    settleWaitMs: 2 * leaseMs + 100,
    fillAgeMaxMs: leaseMs / 4,
    markerTtlMs: 60 * leaseMs,
    entryTtlMs: 3_600_000,
    commandTimeoutMs: 250,
    connectTimeoutMs: 1_000,
    askTimeoutMs: 1_000,
  };
}
