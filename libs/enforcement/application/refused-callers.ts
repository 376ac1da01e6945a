import type { CheckedRef, DenialReason } from '@latchkey/contracts';
import { EachSecond, type Clock } from '@latchkey/kernel';
import type { DecisionRecord, RefusalCounter } from './ports';
import { secretOf } from './recorded-decision';

/** Calls of one turn of the event loop that showed the same, and whose callers may not ask. */
export interface RefusedAttempt {
  readonly reason: DenialReason;
  /** Whose token was shown; null where nobody could say. */
  readonly credential: CheckedRef | null;
  readonly ip: string | undefined;
  readonly calls: number;
}

export interface RefusedCallersParts {
  readonly counter: RefusalCounter;
  /** Absent: they are counted only. */
  readonly record?: DecisionRecord | undefined;
  readonly clock: Clock;
}

/** Told of callers that may not ask. */
export interface RefusalReport {
  refused(attempt: RefusedAttempt): void;
}

/** What a caller's token must be allowed to do (C22). */
export const CALLER_SCOPE = 'enforcement:check';

/** Recorded in a second. Strangers can try as often as they like, and shall not crowd out who tries with a token that was somebody's once. */
const OF_KNOWN_TOKENS = 100;
/** Nor the tokens of one workspace those of all others. */
const OF_WORKSPACE = 20;
const OF_STRANGERS = 10;

/**
 * Counts callers that may not ask, and records their attempts like any denial, for who looks for compromised keys (S3-17, S3-18). Anybody can
 * make such attempts, so what is recorded of them in a second is bounded; all are counted, and those that are not recorded once more.
 */
export class RefusedCallers implements RefusalReport {
  readonly #ofKnownTokens = new EachSecond(OF_KNOWN_TOKENS, OF_WORKSPACE);
  readonly #ofStrangers = new EachSecond(OF_STRANGERS);

  constructor(private readonly parts: RefusedCallersParts) {}

  refused({ reason, credential, ip, calls }: RefusedAttempt): void {
    const { counter, record, clock } = this.parts;
    counter.refused(reason, calls);
    const timeMs = clock.now().getTime();
    const budget = credential === null ? this.#ofStrangers : this.#ofKnownTokens;
    if (!budget.take(timeMs, credential?.workspaceId)) return counter.unrecorded(calls);
    record?.record({
      ...{ timeMs, outcome: reason, via: credential === null ? 'memory' : 'owner' },
      secret: credential && secretOf(credential),
      ...{
        scopes: [CALLER_SCOPE],
        asset: null,
        action: null,
        method: null,
        path: null,
        ip: ip ?? null,
        userAgent: null,
        cost: 1,
      },
      caller: { kind: 'refused' },
    });
  }
}
