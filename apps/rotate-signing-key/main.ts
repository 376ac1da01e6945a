import { commandVariables, onSchema, printJson, runCommand } from '@latchkey/composition';
import { isAppError } from '@latchkey/kernel';
import { WaitingSettlement } from '@latchkey/live-state';
import { changeSigningKeysHandler, oauthMigrations } from '@latchkey/oauth';
import { loadConfig } from '@latchkey/platform';
import { parseArgs } from 'node:util';
import { z } from 'zod';

const OAUTH = { command: 'rotate-signing-key', schema: 'oauth', migrations: oauthMigrations };

/** Prints the id of the key that signs from now on. */
void runCommand(async (args) => {
  const { revoke } = parseArgs({ args: [...args], options: { revoke: { type: 'string' } } }).values;
  const config = loadConfig(z.object(commandVariables), process.env);
  try {
    const signs = await onSchema(config, OAUTH, (dataSource) => {
      const keys = changeSigningKeysHandler(dataSource, new WaitingSettlement());
      return revoke === undefined ? keys.rotate() : keys.revoke(revoke);
    });
    printJson({ signs, ...(revoke !== undefined && { revoked: revoke }) });
    return 0;
  } catch (error) {
    if (!isAppError(error, 'signing_key.not_found') && !isAppError(error, 'signing_key.next_too_new')) throw error;
    process.stderr.write(`${error.public}\n`);
    return 1;
  }
});
