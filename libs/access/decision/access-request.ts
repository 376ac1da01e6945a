import type { CheckRequest, DenialReason, KnownSubjects, SubjectRef, Verdict } from '@latchkey/contracts';
import { bodyOf } from './known-subjects';

/** What a check asks, besides the credential. */
export type AccessRequest = Pick<
  CheckRequest,
  'scopes' | 'action' | 'ip' | 'asset' | 'own_assets' | 'cost' | 'second_factor' | 'tenant'
>;

/** The moment from which on a credential is no more, and what it is then. */
export interface Ending {
  /** Unix ms. */
  readonly atMs: number;
  readonly reason: 'expired' | 'revoked' | 'token_expired';
}

/** Rules do not know the time, so a denial says what it turns into once the credential has ended: an expired key is 401, not 403. */
export interface AccessDenial {
  readonly reason: DenialReason;
  readonly ending: Ending | null;
}

/** The reason of a denial at a time (Unix ms, of the same clock as the end). */
export const denialReasonAt = ({ reason, ending }: AccessDenial, nowMs: number): DenialReason =>
  ending !== null && nowMs >= ending.atMs ? ending.reason : reason;

export const needs = (known: KnownSubjects, subjects: readonly SubjectRef[]): Verdict<AccessDenial> => ({
  kind: 'needs',
  subjects: subjects.filter(({ kind, id }) => bodyOf(known, kind, id) === undefined),
});

export const deny = (reason: DenialReason, ending: Ending | null = null): Verdict<AccessDenial> => ({
  kind: 'deny',
  denial: { reason, ending },
});
