// npm start: everything in one process, on a fresh clone with Node alone.
import { ensureBuilt } from './built.mjs';
import { commandLine } from './command-line.mjs';
import { ensureInstalled } from './install.mjs';

commandLine({
  usage: `usage: npm start

Starts all of Latchkey in one process, and installs and compiles what it needs first. Takes no options; it is configured by environment
variables, all in docs/configuration.md:

  PORT               8080 unless told: HTTP
  GRPC_PORT          50051: gRPC
  ADMIN_PORT         9090: metrics and health, for operators
  LATCHKEY_DATA_DIR  .latchkey: what is kept
  LATCHKEY_PROFILE   latchkey: of the first workspace, at the first start; or s4e, zshield, slaunch
  DATABASE_URL       a Postgres instead of the embedded one`,
});
ensureInstalled();
ensureBuilt();
process.setSourceMapsEnabled(true);
await import('../dist/apps/standalone/main.js'); // in this process, so that signals need nobody to pass them on
