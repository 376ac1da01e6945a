/** Whether a host name or address can be reached from this machine only. Anything that it does not know counts as reachable from elsewhere. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
