import { recordedText } from '@latchkey/access';
import {
  isAccessTokenRef,
  isSessionRef,
  type CheckedRef,
  type CheckRequest,
  type CheckResult,
  type DecidedCaller,
  type DecidedSecret,
  type Decision,
} from '@latchkey/contracts';

const SCOPES_MAX = 20;

/** What a check said, without its credential. */
export function decisionOf(
  request: CheckRequest,
  result: CheckResult,
  credential: CheckedRef | null,
  caller: DecidedCaller,
): Decision {
  return {
    timeMs: Date.parse(result.checked_at),
    outcome: result.reason ?? 'allowed',
    via: result.via,
    secret: credential && secretOf(credential),
    scopes: request.scopes ?? [],
    asset: request.asset ?? null,
    action: request.action ?? null,
    method: request.method ?? null,
    path: request.path ?? null,
    ip: request.ip ?? null,
    userAgent: request.user_agent ?? null,
    cost: request.cost ?? 1,
    caller,
  };
}

/** A credential as the record names it. */
export function secretOf(credential: CheckedRef): DecidedSecret {
  const { workspaceId } = credential;
  if (isSessionRef(credential)) return { workspaceId, sessionId: credential.sessionId, number: credential.tokenNumber };
  if (isAccessTokenRef(credential)) return { workspaceId, clientId: credential.clientId, jti: credential.jti };
  return { workspaceId, keyId: credential.keyId, number: credential.secretNumber };
}

/** Of an object with a handful of members. */
const OBJECT_BYTES = 400;

/** What a decision takes in memory at most. Texts are as long as the caller chose, and may have two bytes a character. */
export function bytesOf({ scopes, asset, action, method, path, ip, userAgent }: Decision): number {
  const texts = [...scopes, asset, action, method, path, ip, userAgent];
  const characters = texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
  return OBJECT_BYTES + 2 * characters;
}

/**
 * Decisions as they may be kept. Whoever sends a call chooses much of what is said of it: texts are cut at 256 characters, scopes at 20, and
 * whatever looks like a key is masked, wherever it stands.
 */
export function presentable(decisions: readonly Decision[]): Decision[] {
  // What repeats in a batch is looked at once.
  const seen = new Map<string, string>();
  const bounded = (text: string): string => {
    const known = seen.get(text);
    if (known !== undefined) return known;
    const kept = recordedText(text);
    seen.set(text, kept);
    return kept;
  };
  const orNull = (text: string | null) => (text === null ? null : bounded(text));
  return decisions.map((decision) => ({
    ...decision,
    scopes: decision.scopes.slice(0, SCOPES_MAX).map(bounded),
    asset: orNull(decision.asset),
    action: orNull(decision.action),
    method: orNull(decision.method),
    path: orNull(decision.path),
    ip: orNull(decision.ip),
    userAgent: orNull(decision.userAgent),
  }));
}
