import type { Clock } from '@latchkey/kernel';
import type { AuditReader, AuditSource, PositionGap, SourceGauges } from './ports';
import { silentSince } from './silence';

export interface GapReport {
  opened(gap: PositionGap, openForSeconds: number): void;
  closed(gap: PositionGap): void;
  /** A node has not been heard of for several heartbeats, and has not said that it stops. */
  fellSilent(source: string, since: Date): void;
  /** It is heard again, has stopped, or has begun anew. */
  silenceEnded(source: string): void;
}

/**
 * Reports gaps in the positions of sources, and nodes that have fallen silent. Partitions are read independently, so short gaps are nothing: only one that stays is
 * told of, once, and once more when it is closed. The gauges show all of them.
 */
export class GapWatch {
  #reported = new Map<string, PositionGap>();
  #silent: ReadonlySet<string> = new Set();
  readonly #listeningSince: Date;

  constructor(
    private readonly events: AuditReader,
    private readonly report: GapReport,
    private readonly gauges: SourceGauges,
    private readonly clock: Clock,
    /** How long a gap is nothing, in ms. */
    private readonly patienceMs: number,
  ) {
    this.#listeningSince = clock.now();
  }

  async look(): Promise<void> {
    const now = this.clock.now();
    const [sources, parkedMessages] = await Promise.all([this.events.sources(), this.events.parkedCount()]);
    this.lookForGaps(sources, now.getTime());
    this.lookForSilence(sources, now);
    this.gauges.set(sources, this.#silent.size, parkedMessages);
  }

  private lookForGaps(sources: readonly AuditSource[], now: number): void {
    const gaps = sources.flatMap((source) => source.gaps);
    const lasting = new Map(
      gaps.filter(({ since }) => now - since.getTime() >= this.patienceMs).map((gap) => [nameOf(gap), gap]),
    );
    for (const [name, gap] of lasting)
      if (!this.#reported.has(name)) this.report.opened(gap, Math.floor((now - gap.since.getTime()) / 1_000));
    for (const [name, gap] of this.#reported) if (!lasting.has(name)) this.report.closed(gap);
    this.#reported = lasting;
  }

  private lookForSilence(sources: readonly AuditSource[], now: Date): void {
    const silent = new Set<string>();
    for (const { source, pulse } of sources) {
      const since = silentSince(pulse, now, this.#listeningSince);
      if (since === null) continue;
      silent.add(source);
      if (!this.#silent.has(source)) this.report.fellSilent(source, since);
    }
    for (const source of this.#silent) if (!silent.has(source)) this.report.silenceEnded(source);
    this.#silent = silent;
  }
}

const nameOf = ({ source, first, last }: PositionGap) => `${source} ${first}-${last}`;
