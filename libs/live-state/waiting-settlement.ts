import { setTimeout as pause } from 'node:timers/promises';
import type { ChangedSubject, Settlement } from './subject-changes';
import { liveStateTiming, type LiveStateTiming } from './timing';

/**
 * Settles by time alone (rule 5), for a command beside the services: the owner's renewer finds the pending rows of the change, and where
 * there is none, what is kept lapses.
 */
export class WaitingSettlement implements Settlement {
  constructor(private readonly timing: LiveStateTiming = liveStateTiming()) {}

  async settle(changed: readonly ChangedSubject[]): Promise<void> {
    if (changed.some(({ version }) => version > 1)) await pause(this.timing.settleWaitMs);
  }
}
