import path from 'node:path';
import fc from 'fast-check';
import { Root } from 'protobufjs';
import { DENIAL_REASONS, type CheckRequest, type CheckResult } from '../check';
import { enforcementProtocol, MALFORMED, type NumberedAnswer } from './check-protocol';

/** What every other language has: the published file, and a general writer and reader. */
const root = new Root().loadSync(path.join(__dirname, '../proto/enforcement.proto'), { keepCase: true });
const typeOf = (name: string) => root.lookupType(`latchkey.enforcement.v1.${name}`);

const whole = fc.nat(0xffff_ffff);
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 80 }));
const texts = fc.array(text, { maxLength: 5 });
const principal = fc.record({
  kind: fc.constantFrom('api_key', 'session', 'client'),
  id: text,
  secret_id: text,
  workspace_id: text,
  user_id: text,
  name: text,
  scopes: texts,
  assets: fc.oneof(fc.constant('all' as const), texts),
});
const result: fc.Arbitrary<CheckResult> = fc
  .record({
    allowed: fc.boolean(),
    reason: fc.constantFrom(null, ...DENIAL_REASONS),
    status: whole,
    principal: fc.option(principal),
    limits: fc.array(fc.record({ name: text, limit: whole, remaining: whole, reset_at: whole }), { maxLength: 4 }),
    retry_after: fc.option(whole, { nil: undefined }),
    headers: fc.dictionary(
      fc.string({ minLength: 1, maxLength: 30 }).filter((name) => name !== '__proto__'),
      text,
    ),
    checked_at: text,
    via: fc.constantFrom('cache', 'owner', 'memory'),
  })
  .map(({ retry_after, ...rest }) => (retry_after === undefined ? rest : { ...rest, retry_after }));
const answer: fc.Arbitrary<NumberedAnswer> = fc.oneof(
  fc.record({ id: whole, result }),
  fc.record({ id: whole, error: fc.record({ code: whole, message: text }) }),
);

/** As the general writer has it, of a message that is spelt as in the proto. */
const generally = (name: string, message: object) => {
  const type = typeOf(name);
  return type.toObject(type.fromObject(message));
};
const inProto = (whole: CheckResult): object => {
  const { reason, principal: who, ...rest } = whole;
  const assets = who?.assets === 'all' ? { all_assets: true, assets: [] } : { assets: who?.assets };
  return { ...rest, ...(reason !== null && { reason }), ...(who && { principal: { ...who, ...assets } }) };
};
const read = (name: string, bytes: Uint8Array) => typeOf(name).toObject(typeOf(name).decode(bytes));
const { Check, BatchCheck, CheckStream } = enforcementProtocol;

/** Fields that are absent, and those that have the value which proto3 takes for granted, are the same on the wire. */
const withoutDefaults = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).map(([name, inner]) => [name, withoutDefaults(inner)] as const);
  return Object.fromEntries(kept.filter(([, inner]) => inner !== '' && inner !== 0 && inner !== false));
};
const same = (ours: unknown, theirs: unknown) => expect(withoutDefaults(ours)).toEqual(withoutDefaults(theirs));

describe('messages of enforcement.proto', () => {
  it('are read by others as they were meant, whatever an answer holds', () => {
    fc.assert(
      fc.property(result, (one) => {
        same(read('CheckResponse', Check.responseSerialize(one)), generally('CheckResponse', inProto(one)));
      }),
    );
  });

  it('come back as they were sent: one answer, a batch, and those of a stream', () => {
    fc.assert(
      fc.property(fc.array(result, { maxLength: 4 }), fc.array(answer, { maxLength: 4 }), (results, answers) => {
        const batch = BatchCheck.responseDeserialize(BatchCheck.responseSerialize({ results }));
        expect(batch).toEqual({ results });
        const stream = CheckStream.responseDeserialize(CheckStream.responseSerialize({ answers }));
        expect(stream === MALFORMED || [...stream.answers].reverse()).toEqual(answers);
      }),
    );
  });

  it('may be larger than what was written before', () => {
    const large: CheckResult = {
      allowed: false,
      reason: 'unknown',
      status: 401,
      principal: null,
      limits: [],
      headers: { 'X-Large': 'ä'.repeat(100_000), 'X-Small': 'ä' },
      checked_at: '2026-01-01T00:00:00.000Z',
      via: 'owner',
    };
    const results = Array.from({ length: 5 }, () => large);
    for (let round = 0; round < 2; round += 1) {
      expect(BatchCheck.responseDeserialize(BatchCheck.responseSerialize({ results }))).toEqual({ results });
    }
  });

  it('carry a request as it was given, absent fields absent', () => {
    const requests: CheckRequest[] = [
      { credential: '' },
      { credential: 'x', ip: '', asset: '', action: '', method: '', path: '', user_agent: '', cost: 0 },
      {
        credential: 'ключ 🔑',
        scopes: ['a', 'b'],
        own_assets: true,
        cost: 1_000,
        second_factor: 'required',
        tenant: 'acme',
      },
    ];
    for (const check of requests) {
      expect(Check.requestDeserialize(Check.requestSerialize(check))).toEqual(check);
    }
    const numbered = { checks: requests.map((check, id) => ({ id, check })) };
    expect(CheckStream.requestDeserialize(CheckStream.requestSerialize(numbered))).toEqual(numbered);
  });

  it('may have a hundred checks with all that each may have', () => {
    const scopes = Array.from({ length: 50 }, (_, place) => `scope:${place}`);
    const texts = { credential: 'k', ip: '::1', asset: 'a', action: 'b', method: 'GET', path: '/', user_agent: 'curl' };
    const rest = { own_assets: true, cost: 1_000, second_factor: 'exempt' as const, tenant: 'acme' };
    const checks = Array.from({ length: 100 }, () => ({ ...texts, scopes, ...rest }));
    expect(BatchCheck.requestDeserialize(BatchCheck.requestSerialize({ checks }))).toEqual({ checks });
    const numbered = { checks: checks.map((check, index) => ({ id: index + 1, check })) };
    expect(CheckStream.requestDeserialize(CheckStream.requestSerialize(numbered))).toEqual(numbered);
  });

  it.each([
    ['empty checks', CheckStream, '0a00'],
    ['numbers without a check', CheckStream, '0a021200'],
    ['empty checks of a batch', BatchCheck, '0a00'],
    ['empty scopes', Check, '1200'],
    ['fields that nobody knows', Check, '7801'],
  ])('are not read when they are as many %s as fit', (_, method, field) => {
    expect(method.requestDeserialize(Buffer.alloc(1_048_576, Buffer.from(field, 'hex')))).toBe(MALFORMED);
  });

  it('are told from what is none', () => {
    for (const bytes of [Buffer.from([0x0a, 0xff]), Buffer.from([0x0f])]) {
      expect(Check.requestDeserialize(bytes)).toBe(MALFORMED);
      expect(CheckStream.responseDeserialize(bytes)).toBe(MALFORMED);
    }
  });
});
