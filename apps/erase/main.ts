import { commandVariables, onSchema, printJson, runCommand } from '@latchkey/composition';
import { eraseUserHandler, identityMigrations } from '@latchkey/identity';
import { isAppError, userId } from '@latchkey/kernel';
import { WaitingSettlement } from '@latchkey/live-state';
import { loadConfig } from '@latchkey/platform';
import { z } from 'zod';

const IDENTITY = { command: 'erase', schema: 'identity', migrations: identityMigrations };

/** Forgets the person of that id. */
void runCommand(async ([id = '']) => {
  const config = loadConfig(z.object(commandVariables), process.env);
  try {
    await onSchema(config, IDENTITY, (dataSource) =>
      eraseUserHandler(dataSource, new WaitingSettlement()).execute(userId(id)),
    );
  } catch (error) {
    if (!isAppError(error, 'user.not_found') && !isAppError(error, 'member.last_owner')) throw error;
    process.stderr.write(`${error.public}\n`);
    return 1;
  }
  printJson({ user_id: id, erased: true });
  return 0;
});
