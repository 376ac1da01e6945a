import type { CredentialForm } from '@latchkey/access';
import type { CredentialKind } from '@latchkey/guard';
import type { ErrorCode } from '@latchkey/kernel';
import type { RawCaller } from '@latchkey/platform';
import type { z } from 'zod';

export interface Body {
  readonly type: string;
  readonly schema: z.ZodType;
}

/** Who may call. */
export type Callers =
  | { readonly kind: 'everybody' }
  | {
      readonly kind: 'credential';
      readonly forms: readonly CredentialForm[];
      readonly scopes: readonly string[];
      /** Absent: any kind. */
      readonly credentials?: readonly CredentialKind[] | undefined;
    }
  | { readonly kind: 'raw'; readonly ways: readonly RawCaller[] };

/** A route as the document shows it, whichever router has it. */
export interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly method: string;
  /** As the router has it, with `:parameters`. */
  readonly path: string;
  readonly callers: Callers;
  readonly query?: z.ZodType | undefined;
  readonly body?: Body | undefined;
  /** Takes an `Idempotency-Key` (C31). */
  readonly idempotent: boolean;
  /** By status; null: without a body. */
  readonly answers: Readonly<Record<number, Body | null>>;
  readonly refuses: readonly ErrorCode[];
  /** Refusals may come without a body. */
  readonly bare?: true | undefined;
}
