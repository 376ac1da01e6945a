import { adminKeyFile } from '@latchkey/composition';
import { isLoopback } from '@latchkey/kernel';
import type { StandaloneConfig } from './config';
import { OUTBOX_PATH } from './outbox-page';

/** Each profile's own form of the call that makes a key. */
const CREATE: Readonly<Record<string, { readonly path: string; readonly scope: string }>> = {
  s4e: { path: '/api/keys', scope: 'read:assets' },
  slaunch: { path: '/api/v1/api-keys', scope: 'store:read' },
};

/** What to do first, to be copied from the terminal. */
export function nextSteps(url: string, profile: string, config: StandaloneConfig): string {
  const { path, scope } = CREATE[profile] ?? { path: '/api/v1/api-keys', scope: 'assets:read' };
  const key =
    config.LATCHKEY_ADMIN_KEY === undefined
      ? `$(cat ${adminKeyFile(config.LATCHKEY_DATA_DIR)})`
      : '$LATCHKEY_ADMIN_KEY';
  // Beyond loopback who asks for a check shows who they are, and the address is a name of the certificate's.
  if (!isLoopback(config.HOST)) return `\nServing ${url}. Who may ask for a check there: docs/callers.md.\n\n`;
  const mails = config.SMTP_URL === undefined ? `Mails are sent to nobody, and shown at ${url}${OUTBOX_PATH}.\n\n` : '';
  return `
Next, in another terminal:

  # create a key
  curl -s ${url}${path} -H "Authorization: Bearer ${key}" \\
    -H "Content-Type: application/json" -d '{"name": "First integration", "scopes": ["${scope}"]}'

  # may it pass?
  curl -s ${url}/v1/check -H "Content-Type: application/json" \\
    -d '{"credential": "<the key>", "scopes": ["${scope}"]}'

${mails}Stop with Ctrl+C. README.md goes on from here.

`;
}
