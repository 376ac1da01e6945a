export interface GuardOptions {
  /** How long a check may take before the call is refused with 503, in ms; 2,000 when absent. */
  readonly timeoutMs?: number | undefined;
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` is believed (C15); none when absent. */
  readonly trustedProxies?: readonly string[] | undefined;
}

export const GUARD_OPTIONS = Symbol('GUARD_OPTIONS');
