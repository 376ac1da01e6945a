export interface GuardOptions {
  /** How long a check may take before the call is refused with 503, in ms; 2,000 when absent. */
  readonly timeoutMs?: number | undefined;
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` is believed (C15); none when absent. */
  readonly trustedProxies?: readonly string[] | undefined;
  /**
   * Origins (`https://console.example.com`) whose pages may change something in the name of a visitor who has the session's cookie, besides
   * the service's own; none when absent.
   */
  readonly trustedOrigins?: readonly string[] | undefined;
  /** Domain whose hosts `<slug>.<domain>` take credentials of that workspace alone; none when absent. */
  readonly tenantDomain?: string | undefined;
}

export const GUARD_OPTIONS = Symbol('GUARD_OPTIONS');
