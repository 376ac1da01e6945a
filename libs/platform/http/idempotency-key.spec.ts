import { readIdempotencyKey } from './idempotency-key';

describe('an Idempotency-Key', () => {
  it('is the same quoted or not', () => {
    expect(readIdempotencyKey('order-7')).toBe('order-7');
    expect(readIdempotencyKey('"order-7"')).toBe('order-7');
    expect(readIdempotencyKey('"a\\"b"')).toBe('a"b');
    expect(readIdempotencyKey(undefined)).toBeNull();
  });

  it.each(['', '""', 'two words', 'é', 'x'.repeat(256)])('is refused when it is %j', (sent) => {
    expect(() => readIdempotencyKey(sent)).toThrow('visible ASCII');
  });

  it.each(['lk_live_a1b2c3d4e5f6g7h8', '"order-lk_live_a1b2c3d4e5f6g7h8"'])(
    'is refused when it holds a secret: %s',
    (sent) => {
      expect(() => readIdempotencyKey(sent)).toThrow('must not be a secret');
    },
  );
});
