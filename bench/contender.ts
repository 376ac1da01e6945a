import type { Measured } from './statistics';

export interface Load {
  /** Calls under way at once. Each of them is followed by the next when it is answered: a closed loop. */
  readonly concurrency: number;
  readonly seconds: number;
}

/** Something that answers calls, running. */
export interface Contender {
  readonly name: string;
  /** What it is, for the report. */
  readonly title: string;
  /** The process whose CPU time counts. */
  readonly pid: number;
  /** Other processes that work for its answers: their CPU time counts too. */
  readonly helpers?: readonly number[];
  /** Rejects when a call is not answered as it should be: a server is not fast because it refuses. */
  load(load: Load): Promise<Measured>;
}

/** A contender's figures of one round. */
export interface RoundFigures extends Measured {
  readonly perSecond: number;
  /** Of the contender's processes, per operation. Unlike throughput it hardly depends on what else the machine does. */
  readonly cpuMicros: number | null;
  /** The load generator's share of a core (1: it was busy all the time, and may have been what was measured). */
  readonly generatorShare: number;
}

/** By the contender's name. */
export type Round = ReadonlyMap<string, RoundFigures>;

/** What contenders say about each other, in one round. */
export interface Comparison {
  readonly title: string;
  readonly unit: '×' | 'ms' | '/s';
  readonly aim: { readonly atLeast: number } | { readonly atMost: number } | null;
  /** Undefined: a contender that it needs was left out. */
  of(this: void, round: Round): number | undefined;
  /** What `of` would be if nothing but the CPU time of the two servers counted: on a machine that does other work, this one is to be trusted. */
  byCpu?(this: void, round: Round): number | undefined;
}

/** How many times as long it takes until all but the slowest hundredth of the operations are done. */
export const p99Ratio = (name: string, over: string, atMost: number): Comparison => ({
  title: `p99 of ${name} ÷ ${over}`,
  unit: '×',
  aim: { atMost },
  of: (round) => quotient(round.get(name)?.p99Ms, round.get(over)?.p99Ms),
});

/** How many times as many operations per second `name` does as `over`. */
export const throughputRatio = (name: string, over: string, atLeast: number | null = null): Comparison => ({
  title: `${name} ÷ ${over}`,
  unit: '×',
  aim: atLeast === null ? null : { atLeast },
  of: (round) => quotient(round.get(name)?.perSecond, round.get(over)?.perSecond),
  byCpu: (round) => quotient(round.get(over)?.cpuMicros, round.get(name)?.cpuMicros),
});

/** How many times as much an operation of `name` costs as one of `over`. */
export const costRatio = (name: string, over: string, atMost: number): Comparison => ({
  title: `cost of ${name} ÷ ${over}`,
  unit: '×',
  aim: { atMost },
  of: (round) => quotient(round.get(over)?.perSecond, round.get(name)?.perSecond),
  byCpu: (round) => quotient(round.get(name)?.cpuMicros, round.get(over)?.cpuMicros),
});

const quotient = (numerator: number | null | undefined, denominator: number | null | undefined): number | undefined =>
  numerator && denominator ? numerator / denominator : undefined;
