import { isAppError } from '@latchkey/kernel';
import { z } from 'zod';
import { parseInput } from './zod-pipes';

/** What is said of a field `a` that is refused. */
const said = (schema: z.ZodType, a: unknown): unknown => {
  try {
    return parseInput(z.strictObject({ a: schema }), { a }, 'body');
  } catch (error) {
    return isAppError(error, 'request.invalid') ? error.public : error;
  }
};

const oneOrSeveral = z.union([z.enum(['x', 'y']), z.array(z.enum(['x', 'y']))]);
const byKind = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('u') }),
  z.strictObject({ kind: z.literal('v') }),
]);

describe('what a refusal says is allowed', () => {
  it.each<[string, z.ZodType, unknown, string]>([
    ['one item', z.array(z.string()).min(1), [], '"a" must have at least 1 item.'],
    ['several items', z.array(z.string()).min(2), ['b'], '"a" must have at least 2 items.'],
    ['at most one item', z.array(z.string()).max(1), ['b', 'c'], '"a" must have at most 1 item.'],
    ['exactly so many items', z.array(z.string()).length(2), ['b'], '"a" must have exactly 2 items.'],
    ['one character', z.string().min(1), '', '"a" must have at least 1 character.'],
    ['several characters', z.string().max(2), 'bcd', '"a" must have at most 2 characters.'],
    ['exactly one character', z.string().length(1), 'bc', '"a" must have exactly 1 character.'],
    ['a least number', z.number().min(1), 0, '"a" must be at least 1.'],
    ['a number above', z.number().gt(0), 0, '"a" must be more than 0.'],
    ['a number below', z.number().lt(5), 5, '"a" must be less than 5.'],
    ['the narrowest bound', z.int().max(1_000), 1e300, '"a" must be at most 1000.'],
    ['a multiple', z.number().multipleOf(5), 6, '"a" must be a multiple of 5.'],
    ['a whole number', z.int(), 1.5, '"a" must be a whole number.'],
    ['a type', z.boolean(), 'yes', '"a" must be of type boolean.'],
    ['one value', z.literal('x'), 'y', '"a" must be x.'],
    ['one of several values', z.enum(['x', 'y']), 'z', '"a" must be one of: x, y.'],
    ['one text, where a query has several', z.string(), ['1', '2'], '"a" must be one text, not several.'],
    ['an e-mail address', z.email(), 'x', '"a" must be an e-mail address.'],
    ['a UUID', z.uuid(), 'x', '"a" must be a UUID.'],
    ['a time', z.iso.datetime(), 'x', '"a" must be an RFC 3339 time, such as 2027-01-01T00:00:00Z.'],
    ['a form in the schema’s own words', z.string().regex(/b/, 'must hold b.'), 'x', '"a" must hold b.'],
    ['a form without words', z.string().regex(/b/), 'x', '"a" must have another form.'],
    ['the form that it came nearest to', oneOrSeveral, 'z', '"a" must be one of: x, y.'],
    ['the item of the form that it came nearest to', oneOrSeveral, ['x', 'z'], '"a.1" must be one of: x, y.'],
    ['one of several kinds', byKind, { kind: 'w' }, '"a.kind" must be one of: u, v.'],
    ['a field of a kind', byKind, { kind: 'u', more: 1 }, 'Unknown field "a.more".'],
    ['another name of a field', z.record(z.string().max(1), z.string()), { bb: 'x' }, '"a.bb" must have another name.'],
    ['another value', z.string().refine(() => false), 'x', '"a" must have another value.'],
  ])('%s', (_what, schema, value, sentence) => expect(said(schema, value)).toBe(sentence));

  it('of the whole, when that is too short', () => {
    expect(() => parseInput(z.array(z.string()).min(1), [], 'body')).toThrow(
      expect.objectContaining({ public: 'The body must have at least 1 item.' }),
    );
  });
});
