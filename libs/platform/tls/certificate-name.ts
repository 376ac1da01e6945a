import type { PeerCertificate } from 'node:tls';

const LENGTH_MAX = 256;

/**
 * What whoever shows a verified certificate is called in records: the first name in it (RFC 5280 §4.2.1.6: a DNS name, or a URI such as
 * SPIFFE's), else the subject's common name, else the serial number. At most 256 characters.
 */
export function certificateName({
  subjectaltname = '',
  subject,
  serialNumber,
}: Pick<PeerCertificate, 'subjectaltname' | 'subject' | 'serialNumber'>): string {
  const [, first] = /^(?:DNS|URI):([^,]+)/.exec(subjectaltname) ?? [];
  return String(first ?? subject.CN ?? serialNumber).slice(0, LENGTH_MAX);
}
