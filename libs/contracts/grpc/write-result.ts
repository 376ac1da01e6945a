import type { CheckResult, LimitState, Principal } from '../check';
import type { BackwardWriter } from './backward-writer';

/** `CheckResponse` of the proto, last field first. Values that proto3 takes for granted are left out. */
export function writeResult(writer: BackwardWriter, result: CheckResult): void {
  writer.string(9, result.via);
  writer.string(8, result.checked_at);
  for (const header of Object.entries(result.headers).reverse()) writer.inner(7, header, writeHeader);
  if (result.retry_after !== undefined) writer.uint32(6, result.retry_after);
  for (let index = result.limits.length - 1; index >= 0; index -= 1) {
    const limit = result.limits[index];
    if (limit) writer.inner(5, limit, writeLimit);
  }
  if (result.principal) writer.inner(4, result.principal, writePrincipal);
  writer.uint32(3, result.status);
  if (result.reason !== null) writer.string(2, result.reason);
  if (result.allowed) writer.bool(1, true);
}

function writePrincipal(writer: BackwardWriter, principal: Principal): void {
  if (principal.assets === 'all') writer.bool(8, true);
  else writer.strings(9, principal.assets);
  writer.strings(7, principal.scopes);
  writer.string(6, principal.name);
  writer.string(5, principal.user_id);
  writer.string(4, principal.workspace_id);
  writer.string(3, principal.secret_id);
  writer.string(2, principal.id);
  writer.string(1, principal.kind);
}

function writeLimit(writer: BackwardWriter, { name, limit, remaining, reset_at }: LimitState): void {
  writer.uint32(4, reset_at);
  writer.uint32(3, remaining);
  writer.uint32(2, limit);
  writer.string(1, name);
}

function writeHeader(writer: BackwardWriter, [name, value]: readonly [string, string]): void {
  writer.string(2, value);
  writer.string(1, name);
}
