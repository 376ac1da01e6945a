import type { Clock } from '@latchkey/kernel';
import type { DecisionLog } from './ports';

const DAY_MS = 86_400_000;

/** Decisions say who called from where: they are kept for as long as they are of use, not for ever. */
export class PruneDecisions {
  constructor(
    private readonly decisions: DecisionLog,
    private readonly clock: Clock,
    private readonly keptDays: number,
  ) {}

  async execute(): Promise<void> {
    await this.decisions.prune(new Date(this.clock.now().getTime() - this.keptDays * DAY_MS));
  }
}
