import type { Clock } from '@latchkey/kernel';
import type { DecisionLog, ParkedMessages } from './ports';

const DAY_MS = 86_400_000;

export interface PruneDecisionsParts {
  readonly decisions: DecisionLog;
  readonly parked: Pick<ParkedMessages, 'prune'>;
  readonly clock: Clock;
  readonly decisionsKeptDays: number;
  readonly parkedKeptDays: number;
  /** Told how many messages were deleted that nobody has mended, when there were any. */
  readonly onParkedPruned: (messages: number) => void;
}

/** Decisions say who called from where, and so may what could not be read of them: they are kept for as long as they are of use, not for ever. */
export class PruneDecisions {
  constructor(private readonly parts: PruneDecisionsParts) {}

  async execute(): Promise<void> {
    const { decisions, parked, decisionsKeptDays, parkedKeptDays, onParkedPruned } = this.parts;
    await decisions.prune(this.daysAgo(decisionsKeptDays));
    const pruned = await parked.prune(this.daysAgo(parkedKeptDays));
    if (pruned > 0) onParkedPruned(pruned);
  }

  private daysAgo(days: number): Date {
    return new Date(this.parts.clock.now().getTime() - days * DAY_MS);
  }
}
