import { openSchema, runningDatabase, sessionTimes, sessionVariables, withResources } from '@latchkey/composition';
import { identityMigrations, SessionSigningKeys } from '@latchkey/identity';
import { systemClock } from '@latchkey/kernel';
import { ConfigError, createLogger, loadConfig, secretFromDataDir, UuidV7Source, variables } from '@latchkey/platform';
import { z } from 'zod';

const configSchema = z.object({
  DATABASE_URL: variables.DATABASE_URL.optional(),
  LATCHKEY_MASTER_KEY: variables.LATCHKEY_MASTER_KEY.optional(),
  LATCHKEY_DATA_DIR: variables.LATCHKEY_DATA_DIR,
  LATCHKEY_LOG_LEVEL: variables.LATCHKEY_LOG_LEVEL,
  ...sessionVariables,
});

async function rotate(): Promise<void> {
  const config = loadConfig(configSchema, process.env);
  const logger = createLogger({ service: 'rotate-session-key', level: config.LATCHKEY_LOG_LEVEL });
  return withResources(async (resources) => {
    const url = await runningDatabase(config);
    const dataSource = await openSchema(resources, { url, schema: 'identity', migrations: identityMigrations, logger });
    const masterKey = config.LATCHKEY_MASTER_KEY ?? (await secretFromDataDir(config.LATCHKEY_DATA_DIR, 'master-key'));
    const { lifeMs } = sessionTimes(config);
    const keys = new SessionSigningKeys({ dataSource, masterKey, clock: systemClock, ids: new UuidV7Source(), lifeMs });
    const { kid } = await keys.rotate();
    await resources.close();
    process.stdout.write(`${JSON.stringify({ kid })}\n`);
  });
}

async function main(): Promise<void> {
  try {
    await rotate();
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}

void main();
