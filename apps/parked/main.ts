import { auditMigrations, PostgresParkedMessages } from '@latchkey/audit';
import { openSchema, runningDatabase, withResources } from '@latchkey/composition';
import { systemClock } from '@latchkey/kernel';
import { ConfigError, createLogger, loadConfig, secretFromDataDir, variables } from '@latchkey/platform';
import { z } from 'zod';

const configSchema = z.object({
  DATABASE_URL: variables.DATABASE_URL.optional(),
  LATCHKEY_MASTER_KEY: variables.LATCHKEY_MASTER_KEY.optional(),
  LATCHKEY_DATA_DIR: variables.LATCHKEY_DATA_DIR,
  LATCHKEY_LOG_LEVEL: variables.LATCHKEY_LOG_LEVEL,
});

/** Prints every parked message without its content, one JSON object a line, or the bytes of the one at `place`. */
async function show(place: readonly string[]): Promise<void> {
  const config = loadConfig(configSchema, process.env);
  const logger = createLogger({ service: 'parked', level: config.LATCHKEY_LOG_LEVEL });
  return withResources(async (resources) => {
    const url = await runningDatabase(config);
    const dataSource = await openSchema(resources, { url, schema: 'audit', migrations: auditMigrations, logger });
    const masterKey = config.LATCHKEY_MASTER_KEY ?? (await secretFromDataDir(config.LATCHKEY_DATA_DIR, 'master-key'));
    const parked = new PostgresParkedMessages(dataSource, masterKey, systemClock);
    const [topic, partition, offset] = place;
    if (topic === undefined || partition === undefined || offset === undefined) {
      for (const { parkedAt, ...message } of await parked.list())
        process.stdout.write(`${JSON.stringify({ ...message, parked_at: parkedAt })}\n`);
    } else {
      const value = await parked.read({ topic, partition: Number(partition), offset });
      if (value !== null) process.stdout.write(value);
      else throw new Error('no such message is parked');
    }
    await resources.close();
  });
}

async function main(): Promise<void> {
  try {
    await show(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}

void main();
