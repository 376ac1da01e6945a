import type { CheckRequest, CheckResult } from '@latchkey/contracts';

/** Asks whether a credential may pass. A denial is an answer; an exception means that nobody could tell. */
export interface CheckClient {
  check(request: CheckRequest): Promise<CheckResult>;
  /** Gives its connections back. The guard calls it when its application has stopped. */
  close?(): void;
}

export const CHECK_CLIENT = Symbol('CHECK_CLIENT');
