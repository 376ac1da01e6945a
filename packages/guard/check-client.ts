import type { CheckRequest, CheckResult } from '@latchkey/contracts';

/** Asks whether a credential may pass. A denial is an answer; an exception means that nobody could tell. */
export interface CheckClient {
  check(request: CheckRequest): Promise<CheckResult>;
}

export const CHECK_CLIENT = Symbol('CHECK_CLIENT');
