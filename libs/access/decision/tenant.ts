import type { WorkspaceSubject } from '@latchkey/contracts';
import type { AccessRequest } from './access-request';

/** Longest label of a host name, and so of a slug (RFC 1035 §2.3.4). */
const LABEL_LENGTH_MAX = 63;

/** Whether the call came to the workspace's own host, or to one of no workspace (S4-04). */
export const isHome = ({ slug }: WorkspaceSubject, { tenant }: AccessRequest): boolean =>
  tenant === undefined || tenant === slug;

/**
 * What a `Host` header says before `.<domain>`: the slug of the workspace that is called, or what cannot be one; undefined for any other
 * host. @param domain in lower case; undefined: hosts name no workspaces
 */
export function tenantOf(host: string | undefined, domain: string | undefined): string | undefined {
  if (host === undefined || domain === undefined) return undefined;
  const name = host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
  const end = `.${domain}`;
  // Cut to one character more than a slug can have: what is longer is nobody's.
  return name.endsWith(end) ? name.slice(0, -end.length).slice(0, LABEL_LENGTH_MAX + 1) : undefined;
}
