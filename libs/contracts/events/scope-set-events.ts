import { z } from 'zod';

const instant = z.iso.datetime();
/** Canonical scopes (`resource:action`), in the order in which they were given. */
const scopes = z.array(z.string()).readonly();
/** The same in the spelling of who gave them, so that they are shown as they were written (C1). */
const scopesAsSent = z.array(z.string()).readonly();
const changedAt = instant;

/** Payloads of the scope set's events. Old versions must parse for ever. */
export const scopeSetEvents = {
  'latchkey.scope_set.created.v1': z.strictObject({
    scopeSetId: z.string(),
    workspaceId: z.string(),
    name: z.string(),
    description: z.string(),
    scopes,
    scopesAsSent,
    createdAt: instant,
  }),
  'latchkey.scope_set.changed.v1': z.discriminatedUnion('changed', [
    z.strictObject({ changed: z.literal('name'), name: z.string(), changedAt }),
    z.strictObject({ changed: z.literal('description'), description: z.string(), changedAt }),
    z.strictObject({ changed: z.literal('scopes'), scopes, scopesAsSent, changedAt }),
  ]),
  /** Whatever it is attached to has its scopes no more. */
  'latchkey.scope_set.deleted.v1': z.strictObject({ deletedAt: instant }),
} as const;

type ScopeSetEventOf<Type extends keyof typeof scopeSetEvents> = {
  readonly type: Type;
  readonly data: z.infer<(typeof scopeSetEvents)[Type]>;
};

export type ScopeSetCreated = ScopeSetEventOf<'latchkey.scope_set.created.v1'>;
export type ScopeSetChanged = ScopeSetEventOf<'latchkey.scope_set.changed.v1'>;
export type ScopeSetDeleted = ScopeSetEventOf<'latchkey.scope_set.deleted.v1'>;

export type ScopeSetEvent = ScopeSetCreated | ScopeSetChanged | ScopeSetDeleted;
