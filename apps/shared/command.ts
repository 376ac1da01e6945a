import type { MigrationClass } from '@latchkey/event-store';
import type { Secret } from '@latchkey/kernel';
import { ConfigError, createLogger, secretFromDataDir, useKeyFormats, variables } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { openSchema } from './open';
import { withResources } from './resources';
import { runningDatabase } from './running-database';

/** Variables of a command that an operator runs beside the services. */
export const commandVariables = {
  DATABASE_URL: variables.DATABASE_URL.optional(),
  LATCHKEY_DATA_DIR: variables.LATCHKEY_DATA_DIR,
  LATCHKEY_LOG_LEVEL: variables.LATCHKEY_LOG_LEVEL,
};
export type CommandConfig = z.output<z.ZodObject<typeof commandVariables>>;

/** And of one that needs the installation's master key. */
export const sealedCommandVariables = {
  ...commandVariables,
  LATCHKEY_MASTER_KEY: variables.LATCHKEY_MASTER_KEY.optional(),
};

export interface CommandSchema {
  /** Of the command, in its log. */
  readonly command: string;
  readonly schema: string;
  readonly migrations: readonly MigrationClass[];
}

/** Does the work on a schema of the database that is named, else of that of a standalone process that runs. */
export const onSchema = <Result>(
  config: CommandConfig,
  { command, schema, migrations }: CommandSchema,
  work: (dataSource: DataSource) => Promise<Result>,
): Promise<Result> =>
  withResources(async (resources) => {
    const logger = createLogger({ service: command, level: config.LATCHKEY_LOG_LEVEL });
    const url = await runningDatabase(config);
    const result = await work(await openSchema(resources, { url, schema, migrations, logger }));
    await resources.close();
    return result;
  });

/** The one that is named, else that of a standalone process. */
export const masterKeyOf = async (
  config: CommandConfig & { readonly LATCHKEY_MASTER_KEY?: Secret | undefined },
): Promise<Secret> => config.LATCHKEY_MASTER_KEY ?? (await secretFromDataDir(config.LATCHKEY_DATA_DIR, 'master-key'));

/**
 * Runs a command with what stands after its name.
 * @param command answers the exit code; what it throws is said on standard error, and ends it with 2
 */
export async function runCommand(command: (args: readonly string[]) => Promise<number>): Promise<void> {
  try {
    useKeyFormats(process.env);
    process.exitCode = await command(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}

/** One line on standard output. */
export const printJson = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
