import type { WorkspaceId } from '@latchkey/kernel';

/** What somebody who asks for a check shows of itself. */
export interface PresentedCaller {
  /** Value of `Authorization`, of HTTP or of gRPC's metadata. */
  readonly authorization: string | undefined;
  /** Whether its connection has a client certificate that the TLS layer verified against the installation's authority. */
  readonly certified: boolean;
  /** Where it calls from. A token that is bound to addresses is no good where that cannot be told. */
  readonly ip?: string | undefined;
}

/** Somebody who may ask. */
export interface AdmittedCaller {
  readonly verdict: 'admitted';
  /** The only workspace whose credentials it is told about; null: all. */
  readonly workspaceId: WorkspaceId | null;
}

/** `unauthenticated`: no credential, or none that is good; `forbidden`: good, but not for asking; `unavailable`: nobody can tell. */
export interface RefusedCaller {
  readonly verdict: 'unauthenticated' | 'forbidden' | 'unavailable';
}

export type CallerVerdict = AdmittedCaller | RefusedCaller;

/** Who may ask. Whoever may can try credentials, and learns why one is refused. */
export interface Callers {
  /** At once where nothing has to be looked up: a promise for every check would be paid by every check. */
  admit(caller: PresentedCaller): CallerVerdict | Promise<CallerVerdict>;
}

/** The installation itself: it asks about every workspace. */
export const UNRESTRICTED: AdmittedCaller = { verdict: 'admitted', workspaceId: null };

/** For an address that only this machine reaches. */
export const everyCaller: Callers = { admit: () => UNRESTRICTED };
