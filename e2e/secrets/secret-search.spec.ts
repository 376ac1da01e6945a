import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { asRedisShows, type MarkedSecret } from './forms';
import { SecretSearch } from './secret-search';

const RANDOM = 'q7WmZ2xKd9RtB4nYc1VfH8sLp3GjT6uAeXoQi5D';
const KEY: MarkedSecret = { name: 'key', value: `lk_live_${RANDOM}` };
const PASSWORD: MarkedSecret = { name: 'password', value: 'p@ss/word + "quoted" \\ and long enough' };
const sha256 = (text: string) => createHash('sha256').update(text).digest();

/** The secrets found in `data`. */
function found(data: Buffer | string, secrets = [KEY, PASSWORD]): readonly string[] {
  const search = new SecretSearch(secrets);
  search.look('here', data);
  return search.foundIn('here');
}

describe('the search for secrets', () => {
  it.each<[string, Buffer | string]>([
    ['as it is', KEY.value],
    ['in the middle of a line', `{"path":"/keys/${KEY.value}?x"}`],
    ['without its prefix', `…${RANDOM}`],
    ['the first twelve characters', RANDOM.slice(0, 12)],
    ['the last twelve characters', `x${RANDOM.slice(-12)}`],
    ['twelve characters of the middle', `xx${RANDOM.slice(11, 23)}yy`],
    ['in lower case', KEY.value.toLowerCase()],
    ['in upper case', KEY.value.toUpperCase()],
    ['in base64', Buffer.from(KEY.value).toString('base64')],
    ['in base64 of Basic credentials', Buffer.from(`user:${KEY.value}`).toString('base64')],
    ['in base64 after one byte more', Buffer.from(`user1:${KEY.value}`).toString('base64')],
    ['in base64 of JSON', Buffer.from(JSON.stringify({ id: 7, key: KEY.value })).toString('base64url')],
    ['in hexadecimal, as Postgres shows bytes', `\\x${Buffer.from(KEY.value).toString('hex')}`],
    ['in hexadecimal capitals', Buffer.from(KEY.value).toString('hex').toUpperCase()],
    ['in UTF-16', Buffer.from(KEY.value, 'utf16le')],
    ['percent-encoded', [...Buffer.from(KEY.value)].map((byte) => `%${byte.toString(16)}`).join('')],
    ['its digest', Buffer.concat([Buffer.from('x'), sha256(KEY.value), Buffer.from('y')])],
    ['its digest as Redis shows it', `1 [0 127.0.0.1:1] "get" "${asRedisShows(sha256(KEY.value))}"`],
    ['its digest in hexadecimal', sha256(KEY.value).toString('hex')],
    ['its digest in base64', sha256(KEY.value).toString('base64')],
    ['its digest in base64url', sha256(KEY.value).toString('base64url')],
    ['its digest cut to 24 digits', sha256(KEY.value).toString('hex').slice(0, 24)],
  ])('finds a key %s', (_, data) => {
    expect(found(data)).toEqual(['key']);
  });

  it.each([
    ['as it is', PASSWORD.value],
    ['in a connection string', `postgres://user:${encodeURIComponent(PASSWORD.value)}@host/db`],
    ['in JSON', JSON.stringify({ password: PASSWORD.value })],
    ['in JSON within JSON', JSON.stringify({ line: JSON.stringify({ password: PASSWORD.value }) })],
  ])('finds a password %s', (_, data) => {
    expect(found(data)).toEqual(['password']);
  });

  it('finds them wherever they begin', () => {
    for (let before = 0; before < 64; before += 1) {
      expect(found(Buffer.concat([randomBytes(before), Buffer.from(RANDOM)]))).toEqual(['key']);
    }
  });

  it('takes neither a prefix nor a shorter piece nor chance for a secret', () => {
    expect(found(`lk_live_ lk_live_${RANDOM.slice(0, 11)}! ${RANDOM.slice(20, 31)}`)).toEqual([]);
    expect(found(randomBytes(4_000_000))).toEqual([]);
  });

  it('tells what was found where, and does not repeat the secret', () => {
    const search = new SecretSearch([KEY]);
    search.look('a log', `{"authorization":"Bearer ${KEY.value}","status":200}`);
    expect(search.findings).toEqual([
      { secret: 'key', form: 'plain', place: 'a log', context: expect.stringContaining('Bearer lk_live_[plain]"') },
    ]);
    expect(JSON.stringify(search.findings)).not.toContain(RANDOM);
  });

  it('a secret too short to be looked for is refused', () => {
    expect(() => new SecretSearch([{ name: 'short', value: 'hunter2' }])).toThrow('short is too short');
  });

  it('finds one of twelve characters in any form', () => {
    const code: MarkedSecret = { name: 'code', value: '7WMZ2XKD9RTB' };
    const bytes = Buffer.from(code.value);
    for (const data of [
      ...[code.value, bytes.toString('hex'), Buffer.from(code.value, 'utf16le')],
      ...['', 'x', 'xx'].map((before) => Buffer.from(`${before}${code.value}y`).toString('base64')),
    ])
      expect(found(data, [code])).toEqual(['code']);
  });

  it('leaves out the digest of what is kept as one, and nothing else', () => {
    const token: MarkedSecret = { name: 'token', value: RANDOM, isKeptAsDigest: true };
    expect(found(sha256(RANDOM).toString('hex'), [token])).toEqual([]);
    expect(found(sha256(RANDOM), [token])).toEqual([]);
    expect(found(Buffer.from(RANDOM).toString('hex'), [token])).toEqual(['token']);
  });

  describe('in files', () => {
    let folder: string;
    beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'latchkey-search-'))));
    afterEach(() => rm(folder, { recursive: true }));

    it('finds what lies across the chunks in which a file is read', async () => {
      const chunk = 1_000;
      for (const at of [chunk - 1, chunk - 20, chunk - 38, chunk, 2 * chunk - 7]) {
        const bytes = Buffer.alloc(2 * chunk + 100);
        bytes.write(RANDOM, at);
        const file = path.join(folder, String(at));
        await writeFile(file, bytes);
        const search = new SecretSearch([KEY], chunk);
        await search.lookInFile('file', file);
        expect(search.foundIn('file')).toEqual(['key']);
      }
    });

    it('finds it in every file below a folder, in their names too, except those that are to hold it', async () => {
      await mkdir(path.join(folder, 'a/b'), { recursive: true });
      await writeFile(path.join(folder, 'a/b/deep'), `x ${KEY.value} x`);
      await writeFile(path.join(folder, 'a/b/kept'), KEY.value);
      await writeFile(path.join(folder, `a/${PASSWORD.name}-${RANDOM}`), '');
      const search = new SecretSearch([KEY, PASSWORD]);
      expect(await search.lookInFolder('data', folder, [path.join(folder, 'a/b/kept')])).toBe(2);
      expect(search.findings.map(({ place }) => place)).toEqual(
        expect.arrayContaining(['data: a/b/deep', `data: a/password-${RANDOM}`]),
      );
      expect(search.findings).toHaveLength(2);
    });
  });
});
