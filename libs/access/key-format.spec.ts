import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { crc32 } from 'node:zlib';
import { formatKey, parseKey, type Environment } from './key-format';
import vectors from './key-format.vectors.json';
import { randomBits } from './profiles/assert-profile';
import { profileByName, PROFILES } from './profiles/registry';
import type { RandomBytes } from './secret-format';

/** A stream of bytes that depends on nothing but its seed. */
function bytesFrom(seed: string): RandomBytes {
  let block = 0;
  return (count) =>
    Uint8Array.from({ length: count }, (_, index) => {
      if (index % 32 === 0) block += 1;
      return createHash('sha256').update(`${seed} ${block}`).digest()[index % 32] ?? 0;
    });
}

const environment = fc.constantFrom<Environment>('live', 'test');
const profile = fc.constantFrom(...PROFILES);
const key = fc
  .tuple(profile, environment, fc.string())
  .map(([keyProfile, keyEnvironment, seed]) => formatKey(keyProfile, keyEnvironment, bytesFrom(seed)).reveal());

describe('key format', () => {
  it.each(PROFILES)('holds at least 128 random bits: $name', (each) => {
    expect(randomBits(each)).toBeGreaterThanOrEqual(128);
  });

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(profile, environment, fc.string(), (keyProfile, keyEnvironment, seed) => {
        const text = formatKey(keyProfile, keyEnvironment, bytesFrom(seed)).reveal();
        expect(parseKey(text)).toEqual({ kind: 'key', profile: keyProfile, environment: keyEnvironment });
      }),
    );
  });

  it.each([
    ['s4e', /^s4e_live_[a-z0-9]{32}$/],
    ['zshield', /^zpoa_live_[A-Za-z0-9]{43}$/],
    ['slaunch', /^sla_live_[A-Za-z0-9]{43}$/],
    ['latchkey', /^lk_live_[A-Za-z0-9]{43}$/],
  ])('has the documented shape: %s', (name, shape) => {
    const named = PROFILES.filter((each) => each.name === name);
    expect(named.map((each) => formatKey(each, 'live', bytesFrom('shape')).reveal())).toEqual([
      expect.stringMatching(shape),
    ]);
  });

  it.each(PROFILES)('is not printed by accident: $name', (each) => {
    const secret = formatKey(each, 'live', bytesFrom('print'));
    expect(`${String(secret)} ${JSON.stringify({ secret })}`).toBe('[secret] {"secret":"[secret]"}');
  });

  it('uses every character of the alphabet equally often', () => {
    for (const each of PROFILES) {
      const counts = new Map<string, number>();
      const everyByte: RandomBytes = () => Uint8Array.from({ length: 256 }, (_, index) => (index + offset) % 256);
      let offset = 0;
      for (; offset < 256; offset += 1) {
        const first = formatKey(each, 'live', everyByte)
          .reveal()
          .charAt(each.key.prefix.length + 6);
        counts.set(first, (counts.get(first) ?? 0) + 1);
      }
      expect(counts.size).toBe(each.key.alphabet.length);
      // The bytes that are thrown away give their turn to the byte after them, which is the alphabet's first.
      const [zero = '', ...others] = [...each.key.alphabet];
      expect(new Set(others.map((character) => counts.get(character)))).toEqual(
        new Set([Math.floor(256 / each.key.alphabet.length)]),
      );
      expect(counts.get(zero)).toBe(Math.floor(256 / each.key.alphabet.length) + (256 % each.key.alphabet.length));
    }
  });

  it('refuses a source that repeats what cannot be used', () => {
    const stuck: RandomBytes = (count) => new Uint8Array(count).fill(255);
    for (const each of PROFILES) expect(() => formatKey(each, 'live', stuck)).toThrow('source of random bytes');
  });

  it('writes the CRC-32 of zlib, whatever its sign', () => {
    fc.assert(
      fc.property(key, (text) => {
        const parsed = parseKey(text);
        if (parsed.kind !== 'key') throw new Error('not a key');
        const { alphabet, checksumLength } = parsed.profile.key;
        const value = [...text.slice(-checksumLength)].reduce(
          (sum, digit) => sum * alphabet.length + alphabet.indexOf(digit),
          0,
        );
        expect(value).toBe(crc32(text.slice(0, -checksumLength)));
      }),
    );
  });
});

describe('a mistyped key', () => {
  const replaced = (text: string, at: number, character: string) => text.slice(0, at) + character + text.slice(at + 1);
  const isMalformed = (text: string) => parseKey(text).kind === 'malformed';

  it('is refused for any one wrong character', () => {
    fc.assert(
      fc.property(
        key,
        fc.nat(),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
        (text, position, character) => {
          const at = position % text.length;
          fc.pre(text.charAt(at) !== character);
          expect(isMalformed(replaced(text, at, character))).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is refused for any two neighbours changed over, the last random character and the first of the checksum included', () => {
    fc.assert(
      fc.property(key, (text) => {
        for (let at = 0; at + 1 < text.length; at += 1) {
          if (text.charAt(at) === text.charAt(at + 1)) continue;
          expect(isMalformed(text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2))).toBe(
            true,
          );
        }
      }),
    );
  });

  it('is refused for a missing or an added character, a space or a line end', () => {
    fc.assert(
      fc.property(key, fc.constantFrom(' ', '\n', '\r\n', '\0', '0'), (text, extra) => {
        expect([text + extra, extra + text, text.slice(1), text.slice(0, -1)].every(isMalformed)).toBe(true);
      }),
    );
  });

  it('is never an exception, whatever the text', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => isMalformed(text)));
  });
});

describe('published test vectors', () => {
  it.each(vectors.valid)(
    '$key',
    ({ key: text, profile: name, environment: expected, random, checksum, crc32: crc }) => {
      const parsed = parseKey(text);
      expect(parsed).toEqual({ kind: 'key', profile: profileByName(name), environment: expected });
      expect(text.endsWith(`_${expected}_${random}${checksum}`)).toBe(true);
      expect(crc32(text.slice(0, -checksum.length))).toBe(crc);
    },
  );

  it.each(vectors.invalid)('$why: $key', ({ key: text, error }) => {
    expect(parseKey(text)).toEqual({ kind: 'malformed', error });
  });

  it('cover every profile and both environments', () => {
    const covered = new Set(vectors.valid.map(({ profile: name, environment: each }) => `${name} ${each}`));
    expect(covered.size).toBe(PROFILES.length * 2);
  });
});
