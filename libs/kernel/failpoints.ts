/** Steps at which a crash, a pause or a failure is tested, in their order. What each leads to: docs/crashes.md. */
export type Failpoint =
  // A command, up to its reply
  /** Nothing is read or written yet. */
  | 'command.received'
  /** Everything is written in the transaction, which is not committed. */
  | 'append.before_commit'
  /** Committed; live state does not know. */
  | 'append.committed'
  | 'invalidate.before'
  /** No node goes by the old state any more; the caller does not know. */
  | 'invalidate.after'
  | 'reply.before'
  // Its events, on their way to readers
  /** In the transaction that gives positions: the last one is read, none is given. */
  | 'relay.position_read'
  /** Positions are committed, nothing is read to be published. */
  | 'relay.positions_given'
  | 'relay.batch_read'
  /** The broker has acknowledged a batch. */
  | 'bus.acknowledged'
  /** The batch is published, which is not written down. */
  | 'relay.published'
  /** A reader has written what a message says, and not committed it. */
  | 'projection.before_commit'
  | 'projection.committed'
  /** The message is handled, which is not written down. */
  | 'checkpoint.before'
  // A check that live state cannot answer
  | 'ask.before'
  /** The owner has read what is true now, and not answered. */
  | 'owner.read'
  | 'ask.answered'
  | 'fill.before'
  | 'fill.after';

const HOOK = Symbol.for('latchkey.failpoints');

/**
 * Does nothing in service: no setting can change that, only code that is loaded into the process beside the program, as tests do
 * (`e2e/crash/arm-failpoints.cjs`, `atFailpoint` of the testing library).
 */
export function reach(name: Failpoint): Promise<void> | undefined {
  return (globalThis as { [HOOK]?: (name: Failpoint) => Promise<void> | undefined })[HOOK]?.(name);
}
