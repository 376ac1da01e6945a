import { auditMigrations, PostgresParkedMessages } from '@latchkey/audit';
import { masterKeyOf, onSchema, printJson, runCommand, sealedCommandVariables } from '@latchkey/composition';
import { systemClock } from '@latchkey/kernel';
import { loadConfig } from '@latchkey/platform';
import { z } from 'zod';

const AUDIT = { command: 'parked', schema: 'audit', migrations: auditMigrations };

/** Prints every parked message without its content, one JSON object a line, or the bytes of the one at the place that is named. */
void runCommand(async ([topic, partition, offset]) => {
  const config = loadConfig(z.object(sealedCommandVariables), process.env);
  await onSchema(config, AUDIT, async (dataSource) => {
    const parked = new PostgresParkedMessages(dataSource, await masterKeyOf(config), systemClock);
    if (topic === undefined || partition === undefined || offset === undefined) {
      for (const { parkedAt, ...message } of await parked.list()) printJson({ ...message, parked_at: parkedAt });
    } else {
      const value = await parked.read({ topic, partition: Number(partition), offset });
      if (value === null) throw new Error('no such message is parked');
      process.stdout.write(value);
    }
  });
  return 0;
});
