import type { DecidedCaller } from '@latchkey/contracts';
import type { WorkspaceId } from '@latchkey/kernel';

/** What somebody who asks for a check shows of itself. */
export interface PresentedCaller {
  /** Value of `Authorization`, of HTTP or of gRPC's metadata. */
  readonly authorization: string | undefined;
  /** Name in the client certificate of its connection, which the TLS layer verified against the installation's authority; null: there is none. */
  readonly certificate: string | null;
  /** Where it calls from. A token that is bound to addresses is no good where that cannot be told. */
  readonly ip?: string | undefined;
}

/** Somebody who may ask. */
export interface AdmittedCaller {
  readonly verdict: 'admitted';
  /** The only workspace whose credentials it is told about; null: all. */
  readonly workspaceId: WorkspaceId | null;
  /** As the record names it. */
  readonly caller: DecidedCaller;
}

/** `unauthenticated`: no credential, or none that is good; `forbidden`: good, but not for asking; `unavailable`: nobody can tell. */
export interface RefusedCaller {
  readonly verdict: 'unauthenticated' | 'forbidden' | 'unavailable';
}

export type CallerVerdict = AdmittedCaller | RefusedCaller;

/** With whom a caller shares what is asked of owners for it. All tokens of a workspace are one: it can make as many as it likes. */
export const shareOf = ({ workspaceId, caller }: AdmittedCaller): string =>
  workspaceId ?? (caller.kind === 'certificate' ? `certificate ${caller.name}` : caller.kind);

/** Who may ask. Whoever may can try credentials, and learns why one is refused. */
export interface Callers {
  /** At once where nothing has to be looked up: a promise for every check would be paid by every check. */
  admit(caller: PresentedCaller): CallerVerdict | Promise<CallerVerdict>;
}

/** The installation itself, on this machine: it asks about every workspace. */
export const UNRESTRICTED: AdmittedCaller = { verdict: 'admitted', workspaceId: null, caller: { kind: 'local' } };

/** A part of the installation, by the name in its certificate. */
export const certifiedCaller = (name: string): AdmittedCaller => ({
  verdict: 'admitted',
  workspaceId: null,
  caller: { kind: 'certificate', name },
});

/** For an address that only this machine reaches. */
export const everyCaller: Callers = { admit: () => UNRESTRICTED };
