import { allProfiles, ENVIRONMENTS, formatKey, profileByName } from '@latchkey/access';
import { UsageError, type CommandIo } from './command';

/** Prints a new key. @throws UsageError */
export function keygen(options: Readonly<Record<string, string | undefined>>, { out, randomBytes }: CommandIo): number {
  const profile = profileByName(options['profile'] ?? '');
  if (!profile) {
    const names = allProfiles()
      .map(({ name }) => name)
      .join(', ');
    throw new UsageError(`--profile must be one of: ${names}`);
  }
  const asked = options['environment'] ?? 'live';
  const environment = ENVIRONMENTS.find((name) => name === asked);
  if (!environment) throw new UsageError(`--environment must be one of: ${ENVIRONMENTS.join(', ')}`);
  out(`${formatKey(profile, environment, randomBytes).reveal()}\n`);
  return 0;
}
