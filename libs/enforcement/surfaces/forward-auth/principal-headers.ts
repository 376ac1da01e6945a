import type { Principal } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';

/** Longer lists do not fit the headers that proxies and servers take. */
const ASSETS_LENGTH_MAX = 4_000;

/** Percent-encoded UTF-8 (RFC 3986): whatever a name holds, it is one header's value, and stays in it. */
const encoded = (text: string): string => encodeURIComponent(Buffer.from(text).toString());

/** Names of assets, percent-encoded with `*` too, separated by commas; `*` alone: all. */
function assetsOf({ assets }: Principal): string {
  if (assets === 'all') return '*';
  const list = assets.map((asset) => encoded(asset).replaceAll('*', '%2A')).join(',');
  if (list.length <= ASSETS_LENGTH_MAX) return list;
  throw new AppError('auth.forbidden', { public: 'The credential has more assets than a header can tell.' });
}

/**
 * Who calls, for the service behind the proxy. `ownAssets`: it is to filter by them, so it is told which.
 * @throws AppError `auth.forbidden`: they are too many to be told
 */
export const principalHeaders = (principal: Principal, ownAssets: boolean): Readonly<Record<string, string>> => ({
  'x-auth-principal-id': principal.id,
  'x-auth-principal-kind': principal.kind,
  'x-auth-workspace-id': principal.workspace_id,
  'x-auth-user-id': principal.user_id,
  'x-auth-name': encoded(principal.name),
  'x-auth-scopes': principal.scopes.join(' '),
  ...(ownAssets && { 'x-auth-assets': assetsOf(principal) }),
});
