// Makes the certificates of an installation, or renews them: node tools/certificates.mjs identity issuance enforcement=check.example.com
import { ensureBuilt } from './built.mjs';
import { ensureInstalled } from './install.mjs';

ensureInstalled();
ensureBuilt();
const { certificatesCommand } = await import('../dist/tools/certificates/command.js');
await certificatesCommand(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
