/** An e-mail address as it is shown and written to, and as it is compared. */
export interface EmailAddress {
  readonly written: string;
  /** One form for all spellings: NFKC, lower case, the domain in ASCII (RFC 5891). */
  readonly canonical: string;
}

/** RFC 5321 §4.5.3.1: octets before and after the at sign. */
const LOCAL_BYTES_MAX = 64;
const DOMAIN_BYTES_MAX = 253;

/** Neither quoted (RFC 5321 §4.1.2) nor with anything that could end the address where it is put into a header. */
const LOCAL = /^[^\s\p{C}"(),.:;<>@[\\\]]+(\.[^\s\p{C}"(),.:;<>@[\\\]]+)*$/u;
/** What a host name may hold before it is turned into ASCII: a URL's parser would take other characters for other parts of it. */
const DOMAIN = /^[\p{L}\p{M}\p{N}-]+(\.[\p{L}\p{M}\p{N}-]+)+$/u;
const ASCII_DOMAIN = /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/;

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

/** `null` for what is no e-mail address. Whether it exists is known when a mail to it was answered. */
export function parseEmailAddress(text: string): EmailAddress | null {
  const written = text.trim().normalize('NFKC');
  const at = written.lastIndexOf('@');
  const [local, domain] = [written.slice(0, Math.max(at, 0)), asciiDomain(written.slice(at + 1))];
  if (domain === null || !LOCAL.test(local) || bytesOf(local) > LOCAL_BYTES_MAX) return null;
  return { written, canonical: `${local.toLowerCase().normalize('NFKC')}@${domain}` };
}

function asciiDomain(domain: string): string | null {
  const url = `http://${domain}/`;
  if (!DOMAIN.test(domain) || !URL.canParse(url)) return null;
  const { hostname } = new URL(url);
  return ASCII_DOMAIN.test(hostname) && hostname.length <= DOMAIN_BYTES_MAX ? hostname : null;
}
