import { useForeignPrefixes } from '@latchkey/access';
import { ConfigError, type Environment } from '../config/load-config';
import { variables } from '../config/variables';
import { useProfileFiles } from './profile-files';

const VARIABLE = 'LATCHKEY_FOREIGN_PREFIXES';

/**
 * Makes known to this process what keys look like here: those of the operator's profiles, and those from elsewhere. Before the rest of the
 * configuration is read.
 * @throws ConfigError
 */
export function useKeyFormats(env: Environment): void {
  useProfileFiles(env);
  const prefixes = variables[VARIABLE].safeParse(env[VARIABLE] || undefined);
  if (!prefixes.success) {
    throw new ConfigError(prefixes.error.issues.map(({ message }) => `${VARIABLE}: ${message}`));
  }
  useForeignPrefixes(prefixes.data);
}
