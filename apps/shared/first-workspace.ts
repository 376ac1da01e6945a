import type { FirstWorkspace } from '@latchkey/contracts';
import type { EnsureFirstWorkspaceHandler } from '@latchkey/identity';
import type { Secret } from '@latchkey/kernel';
import type { Logger } from '@latchkey/platform';

export interface FirstWorkspaceConfig {
  readonly LATCHKEY_PROFILE: string;
  readonly LATCHKEY_TENANT?: string | undefined;
  readonly LATCHKEY_ADMIN_EMAIL: string;
  readonly LATCHKEY_ADMIN_PASSWORD?: Secret | undefined;
}

/** A workspace that is there already keeps its profile: who asks for another one now is told. */
export async function ensureFirstWorkspace(
  handler: EnsureFirstWorkspaceHandler,
  config: FirstWorkspaceConfig,
  logger: Logger,
): Promise<FirstWorkspace> {
  const { LATCHKEY_PROFILE: wanted, LATCHKEY_TENANT: slug, LATCHKEY_ADMIN_EMAIL: adminEmail } = config;
  const adminPassword = config.LATCHKEY_ADMIN_PASSWORD;
  const first = await handler.execute({ profile: wanted, slug, adminEmail, adminPassword });
  if (first.profile !== wanted && process.env['LATCHKEY_PROFILE']) {
    logger.warn(
      `LATCHKEY_PROFILE has no effect: this installation was begun with the profile ${first.profile}. For a new one choose another database or LATCHKEY_DATA_DIR.`,
    );
  }
  return first;
}
