import type { KnownSubjects, SubjectRef, Verdict, Window } from '@latchkey/contracts';

export type { Verdict, Window };

export interface WindowState {
  readonly name: string;
  readonly limit: number;
  readonly remaining: number;
  /** Unix ms at which a full limit is free again. */
  readonly resetAtMs: number;
}

export type Outcome<Denial> =
  | {
      readonly kind: 'allowed';
      readonly windows: readonly WindowState[];
      readonly nowMs: number;
      readonly via: Via;
      readonly subjects: KnownSubjects;
    }
  | {
      readonly kind: 'denied';
      readonly denial: Denial;
      readonly nowMs: number;
      readonly via: Via;
      readonly subjects: KnownSubjects;
    }
  | {
      readonly kind: 'limited';
      readonly windows: readonly WindowState[];
      readonly retryAfterMs: number;
      readonly nowMs: number;
      readonly via: Via;
      readonly subjects: KnownSubjects;
    }
  /** Neither live state nor an owner could say. Never an allow. */
  | { readonly kind: 'unavailable' };

export type Via = 'cache' | 'owner' | 'memory';

export interface LiveQuery<Denial> {
  /** Chooses the shard. */
  readonly workspaceId: string;
  /** The subjects to begin with: the credential, and the workspace. */
  readonly subjects: readonly SubjectRef[];
  /**
   * Pure; called again whenever a subject turns out to be newer than the node knew. A subject that does not exist has `body: null`.
   * `nowMs` is not given on purpose: ends are compared inside the script (`notAfterMs`).
   */
  decide(known: KnownSubjects): Verdict<Denial>;
}

/** Answers a check from live state, and from the owners where live state does not know (design: the check, rules 1 to 10). */
export interface LiveAccess {
  decide<Denial>(query: LiveQuery<Denial>): Promise<Outcome<Denial>>;
}
