import { parseArgs } from 'node:util';
import { makeCertificates } from '@latchkey/certificates';

const USAGE = 'usage: node tools/certificates.mjs [--dir certificates] [--days 365] <service>[=host,host] …\n';

function servicesIn(positionals: readonly string[]) {
  return Object.fromEntries(
    positionals.map((text) => {
      const [name = '', hosts = ''] = text.split(/=(.*)/s);
      return [name, hosts.split(',').filter((host) => host !== '')];
    }),
  );
}

/** Makes, or renews, the certificates of the services that the command line names. */
export async function certificatesCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      dir: { type: 'string', default: 'certificates' },
      days: { type: 'string', default: '365' },
    },
  });
  const days = Number(values.days);
  if (positionals.length === 0 || !Number.isInteger(days) || days < 1) throw new Error(USAGE);
  await makeCertificates({ dir: values.dir, services: servicesIn(positionals), days });
  process.stdout.write(`certificates of ${Object.keys(servicesIn(positionals)).join(', ')} are in ${values.dir}\n`);
}
