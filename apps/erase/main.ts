import { openSchema, runningDatabase, withResources } from '@latchkey/composition';
import { eraseUserHandler, identityMigrations } from '@latchkey/identity';
import { isAppError, userId } from '@latchkey/kernel';
import { WaitingSettlement } from '@latchkey/live-state';
import { ConfigError, createLogger, loadConfig, variables } from '@latchkey/platform';
import { z } from 'zod';

const configSchema = z.object({
  DATABASE_URL: variables.DATABASE_URL.optional(),
  LATCHKEY_DATA_DIR: variables.LATCHKEY_DATA_DIR,
  LATCHKEY_LOG_LEVEL: variables.LATCHKEY_LOG_LEVEL,
});

async function erase(id: string): Promise<void> {
  const config = loadConfig(configSchema, process.env);
  const logger = createLogger({ service: 'erase', level: config.LATCHKEY_LOG_LEVEL });
  return withResources(async (resources) => {
    const url = await runningDatabase(config);
    const dataSource = await openSchema(resources, { url, schema: 'identity', migrations: identityMigrations, logger });
    await eraseUserHandler(dataSource, new WaitingSettlement()).execute(userId(id));
    await resources.close();
    process.stdout.write(`${JSON.stringify({ user_id: id, erased: true })}\n`);
  });
}

async function main(): Promise<void> {
  const [id = ''] = process.argv.slice(2);
  try {
    await erase(id);
  } catch (error) {
    const refused = isAppError(error, 'user.not_found') || isAppError(error, 'member.last_owner');
    const message = refused ? error.public : error instanceof ConfigError ? error.message : String(error);
    process.stderr.write(`${message}\n`);
    process.exitCode = refused ? 1 : 2;
  }
}

void main();
