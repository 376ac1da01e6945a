import type { Clock } from '@latchkey/kernel';
import type { AuditReader, PositionGap, SourceGauges } from './ports';

export interface GapReport {
  opened(gap: PositionGap, openForSeconds: number): void;
  closed(gap: PositionGap): void;
}

/**
 * Reports gaps in the positions of sources. Partitions are read independently, so short gaps are nothing: only one that stays is
 * told of, once, and once more when it is closed. The gauges show all of them.
 */
export class GapWatch {
  #reported = new Map<string, PositionGap>();

  constructor(
    private readonly events: AuditReader,
    private readonly report: GapReport,
    private readonly gauges: SourceGauges,
    private readonly clock: Clock,
    /** How long a gap is nothing, in ms. */
    private readonly patienceMs: number,
  ) {}

  async look(): Promise<void> {
    const now = this.clock.now().getTime();
    const [sources, parkedMessages] = await Promise.all([this.events.sources(), this.events.parkedCount()]);
    this.gauges.set(sources, parkedMessages);
    const gaps = sources.flatMap((source) => source.gaps);
    const lasting = new Map(
      gaps.filter(({ since }) => now - since.getTime() >= this.patienceMs).map((gap) => [nameOf(gap), gap]),
    );
    for (const [name, gap] of lasting)
      if (!this.#reported.has(name)) this.report.opened(gap, Math.floor((now - gap.since.getTime()) / 1_000));
    for (const [name, gap] of this.#reported) if (!lasting.has(name)) this.report.closed(gap);
    this.#reported = lasting;
  }
}

const nameOf = ({ source, first, last }: PositionGap) => `${source} ${first}-${last}`;
