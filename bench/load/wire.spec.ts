import { enforcementProtocol } from '@latchkey/contracts/grpc';
import type { CheckResult } from '@latchkey/contracts';
import { eachInner, inner, isAllowed, numberedAnswer } from './wire';

const result = (allowed: boolean): CheckResult => ({
  allowed,
  reason: allowed ? null : 'revoked',
  status: allowed ? 200 : 401,
  principal: null,
  limits: [],
  headers: {},
  checked_at: '2026-01-01T00:00:00.000Z',
  via: 'cache',
});
const { Check, BatchCheck, CheckStream } = enforcementProtocol;

it.each([true, false])('a result that says %s is read so', (allowed) =>
  expect(isAllowed(Check.responseSerialize(result(allowed)))).toBe(allowed),
);

it('every result of a batch is found', () => {
  const bytes = BatchCheck.responseSerialize({ results: [result(true), result(false), result(true)] });
  const found: boolean[] = [];
  eachInner(bytes, (at) => found.push(isAllowed(bytes, at)));
  expect(found).toEqual([true, false, true]);
});

it('answers of a stream are found with their numbers; an error allows nothing', () => {
  const answers = [
    { id: 300, result: result(true) },
    { id: 1, error: { code: 14, message: 'stopping' } },
  ];
  const bytes = CheckStream.responseSerialize({ answers });
  const found: unknown[] = [];
  eachInner(bytes, (at) => found.push(numberedAnswer(bytes, at)));
  expect(found).toHaveLength(2);
  expect(found).toEqual(
    expect.arrayContaining([
      { id: 300, allowed: true },
      { id: 1, allowed: false },
    ]),
  );
});

it('inner messages put together are a message', () => {
  const check = Check.requestSerialize({ credential: 'c'.repeat(200), scopes: ['assets:read'] });
  expect(BatchCheck.requestDeserialize(Buffer.concat([inner(1, check), inner(1, check)]))).toMatchObject({
    checks: [{ credential: 'c'.repeat(200) }, { scopes: ['assets:read'] }],
  });
});
