import { secretFromDataDir } from '@latchkey/platform';

/** What processes of one cluster share: made at its first start, kept where only its owner can read. */
export const clusterSecrets = async (dataDir: string): Promise<Record<string, string>> => ({
  LATCHKEY_PEPPER: (await secretFromDataDir(dataDir, 'pepper')).reveal(),
  LATCHKEY_MASTER_KEY: (await secretFromDataDir(dataDir, 'master-key')).reveal(),
});
