import { commandVariables, onSchema, printJson, runCommand } from '@latchkey/composition';
import { rebuildProjection, type MigrationClass, type RebuildOptions, type Rebuilt } from '@latchkey/event-store';
import { identityMigrations, workspaceMemberProjection } from '@latchkey/identity';
import {
  assetSourceProjection,
  issuanceMigrations,
  keyLeakProjection,
  keyListProjection,
  rebuildKeyCount,
  scopeSetListProjection,
} from '@latchkey/issuance';
import { clientListProjection, oauthMigrations } from '@latchkey/oauth';
import { loadConfig } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';

interface ReadModel {
  readonly schema: string;
  readonly migrations: readonly MigrationClass[];
  rebuild(this: void, dataSource: DataSource, options: Pick<RebuildOptions, 'replace'>): Promise<Rebuilt>;
}

const IDENTITY = { schema: 'identity', migrations: identityMigrations };
const ISSUANCE = { schema: 'issuance', migrations: issuanceMigrations };
const OAUTH = { schema: 'oauth', migrations: oauthMigrations };

const READ_MODELS: Readonly<Record<string, ReadModel>> = {
  key_list: { ...ISSUANCE, rebuild: (from, options) => rebuildProjection(from, keyListProjection, options) },
  key_leak: { ...ISSUANCE, rebuild: (from, options) => rebuildProjection(from, keyLeakProjection, options) },
  key_count: { ...ISSUANCE, rebuild: rebuildKeyCount },
  scope_set_list: { ...ISSUANCE, rebuild: (from, options) => rebuildProjection(from, scopeSetListProjection, options) },
  asset_source: { ...ISSUANCE, rebuild: (from, options) => rebuildProjection(from, assetSourceProjection, options) },
  client_list: { ...OAUTH, rebuild: (from, options) => rebuildProjection(from, clientListProjection, options) },
  workspace_member: {
    ...IDENTITY,
    rebuild: (from, options) => rebuildProjection(from, workspaceMemberProjection, options),
  },
};

/** Builds a read model anew and prints how it compares with the live one. */
void runCommand(async ([name = '', ...flags]) => {
  const model = READ_MODELS[name];
  if (model === undefined) {
    process.stderr.write(`There is no read model ${name}; there are: ${Object.keys(READ_MODELS).join(', ')}.\n`);
    return 2;
  }
  const replace = flags.includes('--replace');
  const config = loadConfig(z.object(commandVariables), process.env);
  const outcome = await onSchema(config, { ...model, command: 'rebuild' }, (from) => model.rebuild(from, { replace }));
  printJson({ read_model: name, replaced: replace, ...outcome });
  return outcome.equal || replace ? 0 : 1;
});
