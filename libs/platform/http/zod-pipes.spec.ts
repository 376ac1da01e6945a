import { isAppError } from '@latchkey/kernel';
import { z } from 'zod';
import { pageQuery } from './page-query';
import { parseInput, zodBody } from './zod-pipes';

const schema = z.strictObject({
  name: z.string().min(1).max(5),
  scopes: z.array(z.string().min(1)).max(2),
  kind: z.enum(['live', 'test']).optional(),
  nested: z.strictObject({ hours: z.number().min(0).max(720) }).optional(),
  when: z.iso.datetime('must be a time as in RFC 3339.').optional(),
});
const valid = { name: 'a', scopes: ['b'] };

const complaint = (parse: () => unknown) => {
  try {
    return parse();
  } catch (error) {
    return isAppError(error, 'request.invalid') ? { field: error.field, says: error.public } : error;
  }
};

describe('input that a schema refuses', () => {
  it.each([
    [{ ...valid, name: 7 }, 'name', '"name" must be of type string.'],
    [{ scopes: [] }, 'name', '"name" is required.'],
    [{ ...valid, name: '' }, 'name', '"name" must have at least 1 character.'],
    [{ ...valid, name: 'abcdef' }, 'name', '"name" must have at most 5 characters.'],
    [{ ...valid, scopes: ['a', ''] }, 'scopes.1', '"scopes.1" must have at least 1 character.'],
    [{ ...valid, scopes: ['a', 'b', 'c'] }, 'scopes', '"scopes" must have at most 2 items.'],
    [{ ...valid, kind: 'x' }, 'kind', '"kind" must be one of: live, test.'],
    [{ ...valid, nested: { hours: 721 } }, 'nested.hours', '"nested.hours" must be at most 720.'],
    [{ ...valid, nested: { hours: 1, role: 'a' } }, 'nested.role', 'Unknown field "nested.role".'],
    [{ ...valid, when: 'soon' }, 'when', '"when" must be a time as in RFC 3339.'],
    [{ ...valid, role: 'admin' }, 'role', 'Unknown field "role".'],
    [undefined, undefined, 'The body must be of type object.'],
    [[], undefined, 'The body must be of type object.'],
  ])('%j: says which field and what is wrong', (input, field, says) => {
    expect(complaint(() => zodBody(schema).transform(input, { type: 'body' }))).toEqual({ field, says });
  });

  it('is never shown back, and an endless name of a field only in part', () => {
    expect(JSON.stringify(complaint(() => parseInput(schema, { ...valid, kind: 'hunter2' }, 'body')))).not.toContain(
      'hunter2',
    );
    const { field } = complaint(() => parseInput(schema, { ...valid, ['x'.repeat(9_999)]: 1 }, 'body')) as {
      field: string;
    };
    expect(field).toHaveLength(101);
  });
});

describe('the query of a list', () => {
  const parse = (query: object) => complaint(() => parseInput(pageQuery, query, 'query'));

  it('has a limit of 20 unless told, at most 200', () => {
    expect(parse({})).toEqual({ limit: 20 });
    expect(parse({ limit: '200', cursor: 'a' })).toEqual({ limit: 200, cursor: 'a' });
  });

  it.each(['0', '201', '-1', '1.5', '1e2', '0x10', '', ' 5', 'all', ['1', '2']])('refuses the limit %j', (limit) => {
    expect(parse({ limit })).toMatchObject({ field: 'limit' });
  });
});
