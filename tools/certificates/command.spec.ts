import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { certificatesCommand } from './command';

describe('node tools/certificates.mjs', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'latchkey-certificates-'));
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await rm(dir, { recursive: true });
  });
  const run = (names: readonly string[], days = '365') => certificatesCommand({ dir, days, names });

  it('makes certificates that hold their name and the hosts after it', async () => {
    expect(await run(['standalone=localhost,127.0.0.1', 'audit'])).toBeUndefined();
    const read = async (name: string) => new X509Certificate(await readFile(path.join(dir, name, 'cert.pem')));
    expect((await read('standalone')).subjectAltName).toBe('DNS:standalone, DNS:localhost, IP Address:127.0.0.1');
    expect((await read('audit')).subjectAltName).toBe('DNS:audit');
  });

  it.each([
    [['../outside'], '365', /^'\.\.\/outside' cannot be a name/],
    [['=localhost'], '365', /^'' cannot be a name/],
    [['audit=not a host'], '365', /^'not a host' is neither a DNS name nor an IP address/],
    [['audit=a,'], '365', /^'' is neither/],
    [['audit=a', 'audit=b'], '365', /^A name stands there twice/],
    [['audit'], '0', /^--days must be a whole number from 1 to 3650/],
    [['audit'], '1e3', /^--days/],
  ])('makes nothing of %j for %s days, and says why', async (names, days, problem) => {
    expect(await run(names, days)).toMatch(problem);
    expect(await readdir(dir)).toEqual([]);
  });
});
