import {
  masterKeyOf,
  onSchema,
  printJson,
  runCommand,
  sealedCommandVariables,
  sessionTimes,
  sessionVariables,
} from '@latchkey/composition';
import { identityMigrations, SessionSigningKeys } from '@latchkey/identity';
import { systemClock } from '@latchkey/kernel';
import { loadConfig, UuidV7Source } from '@latchkey/platform';
import { z } from 'zod';

const IDENTITY = { command: 'rotate-session-key', schema: 'identity', migrations: identityMigrations };

/** Prints the id of the new key. */
void runCommand(async () => {
  const config = loadConfig(z.object({ ...sealedCommandVariables, ...sessionVariables }), process.env);
  const { lifeMs } = sessionTimes(config);
  await onSchema(config, IDENTITY, async (dataSource) => {
    const masterKey = await masterKeyOf(config);
    const keys = new SessionSigningKeys({ dataSource, masterKey, clock: systemClock, ids: new UuidV7Source(), lifeMs });
    printJson({ kid: (await keys.rotate()).kid });
  });
  return 0;
});
