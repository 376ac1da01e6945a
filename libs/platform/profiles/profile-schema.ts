import {
  adminScope,
  BASE62,
  HEADER_FORMS,
  perDay,
  perMinute,
  perSecond,
  SYSTEM_SCOPES,
  unlimitedPlan,
  type Plan,
  type Profile,
} from '@latchkey/access';
import { z } from 'zod';

const LIST_MAX = 500;
/** Above, a window could not be counted exactly enough to be worth its memory. */
const LIMIT_MAX = 100_000_000;

const text = z.string().min(1).max(200);
const name = z.string().min(1).max(100);
const limit = z.int().min(1).max(LIMIT_MAX).optional();
const length = z.int().min(1).max(80);

const key = z
  .strictObject({
    prefix: name,
    alphabet: name.default(BASE62),
    random_length: length.default(37),
    checksum_length: length.default(6),
  })
  .transform((shape): Profile['key'] => ({
    prefix: shape.prefix,
    alphabet: shape.alphabet,
    randomLength: shape.random_length,
    checksumLength: shape.checksum_length,
  }));

const spellings = z.array(name).min(1).max(LIST_MAX).optional();

const scope = z
  .strictObject({
    name: name.refine(isOwn, 'must not be one of the scopes that every profile has'),
    description: text,
    spellings,
    equals: z.array(name).min(2).max(LIST_MAX).optional(),
    hidden: z.literal(true).optional(),
  })
  .transform(({ name: canonical, description, ...rest }) => ({ canonical, description, ...given(rest) }));

const plan = z
  .strictObject({ name, description: text, per_second: limit, per_minute: limit, per_day: limit })
  .transform(({ per_second: second, per_minute: minute, per_day: day, ...plan }): Plan => {
    const windows = [
      second === undefined ? [] : perSecond(second),
      minute === undefined ? [] : perMinute(minute),
      day === undefined ? [] : perDay(day),
    ].flat();
    return { ...plan, windows };
  });

/** What a file says of a profile. Its own scopes and plans come first, in their order; those that every profile has are added. */
export const profileSchema = z
  .strictObject({
    name,
    key,
    scopes: z.array(scope).min(1).max(LIST_MAX),
    admin_scope: z.strictObject({ spellings, hidden: z.literal(true).optional() }).default({}),
    plans: z.array(plan).min(1).max(LIST_MAX),
    default_plan: name,
    access_token_type: z.enum(['at+jwt', 'JWT']).default('at+jwt'),
  })
  .transform((file): Profile => ({
    name: file.name,
    key: file.key,
    scopes: [...file.scopes, adminScope(given(file.admin_scope)), ...SYSTEM_SCOPES],
    plans: [...file.plans, unlimitedPlan],
    defaultPlan: file.default_plan,
    envelope: 'problem',
    credentialForms: HEADER_FORMS,
    accessTokenType: file.access_token_type,
  }));

function isOwn(text: string): boolean {
  return ![adminScope(), ...SYSTEM_SCOPES].some(({ canonical }) => canonical === text);
}

type Given<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

/** Without the fields that are not there. */
function given<Fields extends object>(fields: Fields): Given<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<Fields>;
}
