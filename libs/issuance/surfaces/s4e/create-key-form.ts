import type { AccessToggles } from '@latchkey/access';
import { z } from 'zod';
import type { CreateKeyRequest } from '../../application/requested-key';
import { createKeyFields, createKeyRequestOf } from '../key-bodies';

const fields = createKeyFields.extend({
  scopes: createKeyFields.shape.scopes.optional(),
  apply_all_assets: z.boolean().optional(),
  read: z.boolean().optional(),
  write: z.boolean().optional(),
});
type Form = z.output<typeof fields>;

/** A field, and what is wrong with it. */
type Mistake = readonly [field: keyof Form, message: string];

/**
 * What creates a key: the scopes by name (S0-03), or the form of the console (S1-03, C26): Read, Write or both, and Apply All Assets or the assets that
 * they are for. Whoever fills in the form says which assets: all of them is no default.
 */
export const createKeyForm = fields
  .superRefine((form, context) => {
    for (const [field, message] of mistakesIn(form)) context.addIssue({ code: 'custom', path: [field], message });
  })
  .transform(({ scopes, apply_all_assets: all = false, ...form }): CreateKeyRequest =>
    createKeyRequestOf({ ...form, scopes: scopes ?? togglesOf(form), ...(all && { assets: 'all' }) }),
  );

function* mistakesIn(form: Form): Generator<Mistake> {
  if (form.apply_all_assets === true && form.assets !== undefined)
    yield ['assets', 'must not be there where all assets are meant'];
  if (form.scopes !== undefined) {
    for (const field of ['read', 'write'] as const)
      if (form[field] !== undefined) yield [field, 'must not be there beside "scopes"'];
    return;
  }
  const { read, write } = togglesOf(form);
  if (!read && !write) yield ['scopes', 'must be there, or "read" or "write" be true'];
  else if (form.apply_all_assets !== true && form.assets === undefined)
    yield ['assets', 'must be there, or "apply_all_assets" be true'];
}

const togglesOf = ({ read = false, write = false }: Pick<Form, 'read' | 'write'>): AccessToggles => ({ read, write });
