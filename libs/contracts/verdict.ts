import type { SubjectRef } from './subjects';

/** A limit on calls: at most `limit` in any span of `lengthMs`. */
export interface Window {
  /** `second`, `minute` or `day`. */
  readonly name: string;
  /** Calls that may pass in any span of `lengthMs`. */
  readonly limit: number;
  readonly lengthMs: number;
}

/**
 * What the pure rules say on the subjects as far as they are known. `needs` names those that are missing: a key's body names its
 * user, workspace and scope sets, so they are known one step later.
 */
export type Verdict<Denial> =
  | { readonly kind: 'needs'; readonly subjects: readonly SubjectRef[] }
  /** Nothing is counted for a denied call (C19). */
  | { readonly kind: 'deny'; readonly denial: Denial }
  | {
      readonly kind: 'allow';
      /** Unix ms, by Redis's clock, at which the credential ends; then `ended` is the denial. */
      readonly notAfterMs: number | null;
      readonly ended: Denial;
      readonly windows: readonly Window[];
      /** Whose budget is used: the logical key's id (C19). */
      readonly windowKey: string;
      /** 0: a look, which counts nothing and which no window refuses. */
      readonly cost: number;
    };
