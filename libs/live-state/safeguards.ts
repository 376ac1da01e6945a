/**
 * What keeps a revoked credential out, one by one (docs/revocation.md). All are on in service. Tests switch one off to show that
 * it is needed and that the tests would notice its loss.
 */
export interface Safeguards {
  /** The renewer invalidates what changed before it renews (rules 1 and 4). */
  readonly pendingRows: boolean;
  /** A fence holds only on the very Redis process for which it was set (rule 3). */
  readonly runId: boolean;
  /** A fence ends at a time that was fixed before the pending rows were read (rule 4). */
  readonly absoluteUntil: boolean;
  /** A late or outdated answer of an owner is not put into Redis (rule 6). */
  readonly fillGuard: boolean;
  /** On another Redis nothing counts until the fence of the one before has surely ended (rule 4). */
  readonly waitOnNewIncarnation: boolean;
  /** A fence that was left goes on only if no other has been set since, as the owner's Postgres knows (rule 4). */
  readonly recordedIncarnation: boolean;
  /** A check only uses an ask that was sent after the check arrived (rule 7). */
  readonly askSharing: boolean;
  /** Each owner has a fence and a renewer of its own (rules 3 and 4). */
  readonly fencePerOwner: boolean;
}

export const ALL_SAFEGUARDS: Safeguards = {
  pendingRows: true,
  runId: true,
  absoluteUntil: true,
  fillGuard: true,
  waitOnNewIncarnation: true,
  recordedIncarnation: true,
  askSharing: true,
  fencePerOwner: true,
};
