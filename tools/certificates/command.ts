import { isIP } from 'node:net';
import { makeCertificates, type ServiceHosts } from '@latchkey/certificates';

export interface CertificatesCommand {
  readonly dir: string;
  readonly days: string;
  /** Each as `name` or `name=host,host`. */
  readonly names: readonly string[];
}

const DAYS_MAX = 3_650;
/** It becomes the name of a folder as well. */
const DNS_NAME = /^(?!-)[a-z\d-]{1,63}(?<!-)(\.(?!-)[a-z\d-]{1,63}(?<!-))*$/i;

/** Makes, or renews, certificates. Answers what is wrong with the command line, if anything is; nothing is made then. */
export async function certificatesCommand({ dir, days, names }: CertificatesCommand): Promise<string | undefined> {
  const services = hostsOf(names);
  const problem =
    problemOf(services, names) ?? (isDays(days) ? undefined : `--days must be a whole number from 1 to ${DAYS_MAX}`);
  if (problem !== undefined) return problem;
  await makeCertificates({ dir, services, days: Number(days) });
  for (const [name, hosts] of Object.entries(services)) {
    process.stdout.write(`${dir}/${name}/cert.pem is for ${[...new Set([name, ...hosts])].join(', ')}\n`);
  }
  return undefined;
}

const hostsOf = (names: readonly string[]): ServiceHosts =>
  Object.fromEntries(
    names.map((text) => {
      const [name = '', hosts] = text.split(/=(.*)/s);
      return [name, hosts?.split(',') ?? []];
    }),
  );

function problemOf(services: ServiceHosts, names: readonly string[]): string | undefined {
  if (Object.keys(services).length < names.length) return 'A name stands there twice: put all of its hosts after one =';
  for (const [name, hosts] of Object.entries(services)) {
    if (!DNS_NAME.test(name)) return `'${name}' cannot be a name: letters, digits, hyphens and dots`;
    const wrong = hosts.find((host) => isIP(host) === 0 && !DNS_NAME.test(host));
    if (wrong !== undefined) return `'${wrong}' is neither a DNS name nor an IP address`;
  }
  return undefined;
}

const isDays = (text: string) => /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= DAYS_MAX;
