import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { openSchema, withResources } from '@latchkey/composition';
import { rebuildProjection } from '@latchkey/event-store';
import { issuanceMigrations, keyListProjection } from '@latchkey/issuance';
import { Secret } from '@latchkey/kernel';
import { ConfigError, createLogger, loadConfig, secretFromDataDir, variables } from '@latchkey/platform';
import { z } from 'zod';

const READ_MODELS = {
  [keyListProjection.table]: { schema: 'issuance', migrations: issuanceMigrations, projection: keyListProjection },
} as const;

const configSchema = z.object({
  DATABASE_URL: variables.DATABASE_URL.optional(),
  LATCHKEY_DATA_DIR: variables.LATCHKEY_DATA_DIR,
  LATCHKEY_LOG_LEVEL: variables.LATCHKEY_LOG_LEVEL,
});

/** Where the embedded Postgres of a running standalone process answers. */
async function embeddedUrl(dataDir: string): Promise<Secret> {
  const lockFile = path.join(dataDir, 'postgres/data/postmaster.pid');
  const [, , , port] = (await readFile(lockFile, 'utf8').catch(() => '')).split('\n');
  if (!port) throw new ConfigError(['DATABASE_URL: is required, as no embedded database runs in LATCHKEY_DATA_DIR.']);
  const password = await secretFromDataDir(dataDir, 'postgres-password');
  return new Secret(`postgres://latchkey:${password.reveal()}@127.0.0.1:${port}/postgres`);
}

/** Answers the exit code. */
async function rebuild(name: string, replace: boolean): Promise<number> {
  const model = READ_MODELS[name];
  if (model === undefined) {
    process.stderr.write(`There is no read model ${name}; there are: ${Object.keys(READ_MODELS).join(', ')}.\n`);
    return 2;
  }
  const config = loadConfig(configSchema, process.env);
  const logger = createLogger({ service: 'rebuild', level: config.LATCHKEY_LOG_LEVEL });
  return withResources(async (resources) => {
    const { schema, migrations, projection } = model;
    const dataSource = await openSchema(resources, {
      url: config.DATABASE_URL ?? (await embeddedUrl(config.LATCHKEY_DATA_DIR)),
      schema,
      migrations,
      logger,
    });
    const outcome = await rebuildProjection(dataSource, projection, { replace });
    await resources.close();
    process.stdout.write(`${JSON.stringify({ read_model: name, replaced: replace, ...outcome })}\n`);
    return outcome.equal || replace ? 0 : 1;
  });
}

async function main(): Promise<void> {
  const [name = '', ...flags] = process.argv.slice(2);
  try {
    process.exitCode = await rebuild(name, flags.includes('--replace'));
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}

void main();
