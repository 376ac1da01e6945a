import type { CheckRequest, CheckResult } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';

/** Asks enforcement whether a credential may pass. A denial is an answer; an exception means that nobody could tell. */
export interface CredentialCheck {
  check(request: CheckRequest): Promise<CheckResult>;
}

/** Longest credential that a check takes, in characters. A longer text is none of ours. */
const CREDENTIAL_LENGTH_MAX = 16_384;

/**
 * Looks at a credential without using it up: its limits count nothing. Null for a text that cannot be a credential.
 * @throws AppError `auth.unavailable` when nobody could tell
 */
export async function lookAt(
  access: CredentialCheck,
  credential: string,
  about: Omit<CheckRequest, 'credential' | 'cost'> = {},
): Promise<CheckResult | null> {
  if (credential.length > CREDENTIAL_LENGTH_MAX) return null;
  const result = await access.check({ ...about, credential, cost: 0 });
  if (result.status === 503) throw new AppError('auth.unavailable', { retryAfterSeconds: result.retry_after ?? 1 });
  return result;
}
