// node tools/certificates.mjs: makes the certificates of an installation, or renews them.
import { ensureBuilt } from './built.mjs';
import { commandLine, refuse } from './command-line.mjs';
import { ensureInstalled } from './install.mjs';

const usage = `usage: node tools/certificates.mjs [--dir <folder>] [--days <number>] <name>[=<host>,<host> …] …

Makes a certificate and its private key for each name, of the installation's own authority; that is made too where there is none yet.
Called again it renews the certificates, and the authority stays.

  <name>  whom the certificate is for, which decides what he may ask: identity, issuance, oauth, enforcement and audit for the services,
          standalone for npm start, or a name of yours for whoever asks for checks. A certificate holds its name as a DNS name.
  <host>  what the certificate holds besides: DNS names and IP addresses. No client goes on that calls the service by anything else, so
          npm start, called at localhost, needs standalone=localhost,127.0.0.1

  --dir   folder of the files: certificates
  --days  how long the certificates are good for, 1 to 3650: 365

Leaves <dir>/ca.pem for everybody, <dir>/<name>/cert.pem and key.pem for each name, and <dir>/ca-key.pem for nobody: keep it apart.
Ends with 0, with 1 when the files cannot be written, with 2 when the command line is not understood.`;

const { values, positionals } = commandLine({
  usage,
  options: { dir: { type: 'string', default: 'certificates' }, days: { type: 'string', default: '365' } },
  positionals: { min: 1, max: Infinity },
});
ensureInstalled();
ensureBuilt();
const { certificatesCommand } = await import('../dist/tools/certificates/command.js');
const problem = await certificatesCommand({ ...values, names: positionals }).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
if (problem !== undefined) refuse(problem, usage);
