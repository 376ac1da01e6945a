import { openSchema, runningDatabase, withResources } from '@latchkey/composition';
import { rebuildProjection, type MigrationClass, type RebuildOptions, type Rebuilt } from '@latchkey/event-store';
import { issuanceMigrations, keyListProjection, rebuildKeyCount } from '@latchkey/issuance';
import { ConfigError, createLogger, loadConfig, variables } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';

interface ReadModel {
  readonly schema: string;
  readonly migrations: readonly MigrationClass[];
  rebuild(this: void, dataSource: DataSource, options: Pick<RebuildOptions, 'replace'>): Promise<Rebuilt>;
}

const ofIssuance = (rebuild: ReadModel['rebuild']): ReadModel => ({
  schema: 'issuance',
  migrations: issuanceMigrations,
  rebuild,
});

const READ_MODELS: Readonly<Record<string, ReadModel>> = {
  key_list: ofIssuance((dataSource, options) => rebuildProjection(dataSource, keyListProjection, options)),
  key_count: ofIssuance(rebuildKeyCount),
};

const configSchema = z.object({
  DATABASE_URL: variables.DATABASE_URL.optional(),
  LATCHKEY_DATA_DIR: variables.LATCHKEY_DATA_DIR,
  LATCHKEY_LOG_LEVEL: variables.LATCHKEY_LOG_LEVEL,
});

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
    const { schema, migrations } = model;
    const dataSource = await openSchema(resources, {
      url: await runningDatabase(config),
      schema,
      migrations,
      logger,
    });
    const outcome = await model.rebuild(dataSource, { replace });
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
