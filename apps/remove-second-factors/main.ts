import { masterKeyOf, onSchema, printJson, runCommand, sealedCommandVariables } from '@latchkey/composition';
import { identityMigrations, removeSecondFactorsHandler } from '@latchkey/identity';
import { isAppError, userId } from '@latchkey/kernel';
import { WaitingSettlement } from '@latchkey/live-state';
import { loadConfig } from '@latchkey/platform';
import { z } from 'zod';

const IDENTITY = { command: 'remove-second-factors', schema: 'identity', migrations: identityMigrations };

/** Of the user of that id. */
void runCommand(async ([id = '']) => {
  const config = loadConfig(z.object(sealedCommandVariables), process.env);
  try {
    await onSchema(config, IDENTITY, async (dataSource) => {
      const masterKey = await masterKeyOf(config);
      await removeSecondFactorsHandler(dataSource, masterKey, new WaitingSettlement()).execute(userId(id));
    });
  } catch (error) {
    if (!isAppError(error, 'user.not_found')) throw error;
    process.stderr.write(`${error.public}\n`);
    return 1;
  }
  printJson({ user_id: id, second_factors: 'removed' });
  return 0;
});
