import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { certificateFilesOf, makeCertificates } from './certificate-files';

describe('certificates of an installation', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'latchkey-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const read = (service: string) => new X509Certificate(readFileSync(certificateFilesOf(dir, service).cert));
  const authority = () => new X509Certificate(readFileSync(path.join(dir, 'ca.pem')));
  const exactly = { subject: 'never', wildcards: false } as const;

  it('are of one authority, which is made once; those of the services are new at every call', async () => {
    await makeCertificates({ dir, services: { identity: [] } });
    const [first, ca] = [read('identity'), authority()];
    await makeCertificates({ dir, services: { identity: [], issuance: [] }, days: 10 });
    expect(authority().fingerprint256).toBe(ca.fingerprint256);
    expect(read('identity').fingerprint256).not.toBe(first.fingerprint256);
    for (const certificate of [first, read('identity'), read('issuance')]) {
      expect(certificate.checkIssued(ca)).toBe(true);
      expect(certificate.verify(ca.publicKey)).toBe(true);
      expect(certificate.ca).toBe(false);
    }
    expect(Date.parse(read('issuance').validTo)).toBeLessThanOrEqual(Date.now() + 10 * 86_400_000);
  });

  it('name the service, and what else it is reached by', async () => {
    await makeCertificates({ dir, services: { enforcement: ['enforcement-1', '127.0.0.1'] } });
    const certificate = read('enforcement');
    expect(certificate.checkHost('enforcement', exactly)).toBe('enforcement');
    expect(certificate.checkHost('enforcement-1', exactly)).toBe('enforcement-1');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkHost('issuance', exactly)).toBeUndefined();
  });

  it('have keys that their owner alone can read', async () => {
    await makeCertificates({ dir, services: { audit: [] } });
    for (const file of [certificateFilesOf(dir, 'audit').key, path.join(dir, 'ca-key.pem')])
      expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
