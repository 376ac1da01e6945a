/** Positions of one source that follow each other without a gap. */
export interface PositionRange {
  readonly first: bigint;
  readonly last: bigint;
  /** When it was first seen that the positions just below are missing. Without meaning for the range that begins at 1. */
  readonly gapSince: Date;
}

export interface JoinedRange {
  readonly range: PositionRange;
  /** The ranges that it takes the place of. */
  readonly replaced: readonly PositionRange[];
}

/**
 * Adds a position to an interval set, of which only the two neighbours are needed.
 * @param below the range with the greatest `first` below the position, which does not hold the position
 * @param above the range with the least `first` above it
 */
export function joinPosition(
  position: bigint,
  below: PositionRange | null,
  above: PositionRange | null,
  now: Date,
): JoinedRange {
  const lower = below?.last === position - 1n ? below : null;
  const upper = above?.first === position + 1n ? above : null;
  return {
    range: {
      first: lower?.first ?? position,
      last: upper?.last ?? position,
      // A position that arrives inside a gap splits it: both parts are as old as the whole.
      gapSince: lower?.gapSince ?? above?.gapSince ?? now,
    },
    replaced: [lower, upper].filter((range) => range !== null),
  };
}
