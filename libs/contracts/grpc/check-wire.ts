import type { CheckRequest, CheckResult } from '../check';

/** `CheckRequest` of the proto as it comes off the wire: absent fields have the values that proto3 gives them. */
export interface WireCheck {
  readonly credential: string;
  readonly scopes: string[];
  readonly ip: string | null;
  readonly asset: string | null;
  readonly own_assets: boolean;
  readonly action: string | null;
  readonly cost: number | null;
  readonly method: string | null;
  readonly path: string | null;
  readonly second_factor: string | null;
  readonly user_agent: string | null;
  readonly tenant: string | null;
}

/** What was sent, and nothing else: an absent field stays absent, as on HTTP. Whoever is asked must still check the values. */
export function fromWireCheck(wire: WireCheck): CheckRequest {
  const check: CheckRequest = { credential: wire.credential };
  if (wire.scopes.length > 0) check.scopes = wire.scopes;
  if (wire.ip !== null) check.ip = wire.ip;
  if (wire.asset !== null) check.asset = wire.asset;
  if (wire.own_assets) check.own_assets = true;
  if (wire.action !== null) check.action = wire.action;
  if (wire.cost !== null) check.cost = wire.cost;
  if (wire.method !== null) check.method = wire.method;
  if (wire.path !== null) check.path = wire.path;
  if (wire.second_factor !== null) check.second_factor = wire.second_factor as CheckRequest['second_factor'];
  if (wire.tenant !== null) check.tenant = wire.tenant;
  if (wire.user_agent !== null) check.user_agent = wire.user_agent;
  return check;
}

interface WirePrincipal extends Record<'kind' | 'id' | 'secret_id' | 'workspace_id' | 'user_id' | 'name', string> {
  readonly scopes: readonly string[];
  readonly all_assets: boolean;
  readonly assets: readonly string[];
}

/** `CheckResponse` of the proto. */
export interface WireResult {
  readonly allowed: boolean;
  readonly reason: string | null;
  readonly status: number;
  readonly principal: WirePrincipal | null;
  readonly limits: readonly { name: string; limit: number; remaining: number; reset_at: number }[];
  readonly retry_after: number | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly checked_at: string;
  readonly via: string;
}

/** In the shape of a result; whoever asked must still check its values. */
export function fromWireResult(wire: WireResult): CheckResult {
  const { principal } = wire;
  const result = {
    allowed: wire.allowed,
    reason: wire.reason,
    status: wire.status,
    principal: principal && {
      kind: principal.kind,
      id: principal.id,
      secret_id: principal.secret_id,
      workspace_id: principal.workspace_id,
      user_id: principal.user_id,
      name: principal.name,
      scopes: principal.scopes,
      assets: principal.all_assets ? 'all' : principal.assets,
    },
    limits: wire.limits.map(({ name, limit, remaining, reset_at }) => ({ name, limit, remaining, reset_at })),
    ...(wire.retry_after !== null && { retry_after: wire.retry_after }),
    headers: wire.headers,
    checked_at: wire.checked_at,
    via: wire.via,
  };
  return result as CheckResult;
}
