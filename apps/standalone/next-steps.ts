import { adminKeyFile } from '@latchkey/composition';
import { isLoopback, type Secret } from '@latchkey/kernel';
import type { StandaloneConfig } from './config';
import { OUTBOX_PATH } from './outbox-page';
import { outboxTokenFile } from './parts';

/** Each profile's own form of the call that makes a key. */
const CREATE: Readonly<Record<string, { readonly path: string; readonly scope: string }>> = {
  s4e: { path: '/api/keys', scope: 'read:assets' },
  slaunch: { path: '/api/v1/api-keys', scope: 'store:read' },
};

/**
 * What to do first, to be copied from the terminal.
 * @param outbox token of the page of mails; null: there is none
 */
export function nextSteps(url: string, profile: string, config: StandaloneConfig, outbox: Secret | null): string {
  const { path, scope } = CREATE[profile] ?? { path: '/api/v1/api-keys', scope: 'assets:read' };
  const key =
    config.LATCHKEY_ADMIN_KEY === undefined
      ? `$(cat ${adminKeyFile(config.LATCHKEY_DATA_DIR)})`
      : '$LATCHKEY_ADMIN_KEY';
  // Beyond loopback who asks for a check shows who they are, and the address is a name of the certificate's.
  if (!isLoopback(config.HOST)) return `\nServing ${url}. Who may ask for a check there: docs/callers.md.\n\n`;
  const mails =
    outbox === null
      ? ''
      : `Mails are sent to nobody, and shown at\n\n  ${url}${OUTBOX_PATH}?token=${shown(outbox, config)}\n\n`;
  return `
Next, in another terminal:

  # create a key
  curl -s ${url}${path} -H "Authorization: Bearer ${key}" \\
    -H "Content-Type: application/json" -d '{"name": "First integration", "scopes": ["${scope}"]}'

  # may it pass?
  curl -s ${url}/v1/check -H "Content-Type: application/json" \\
    -d '{"credential": "<the key>", "scopes": ["${scope}"]}'

  # register an OAuth application, and get an access token for it
  curl -s ${url}/api/v1/oauth-applications -H "Authorization: Bearer ${key}" \\
    -H "Content-Type: application/json" -d '{"name": "First application", "scopes": ["${scope}"]}'
  curl -s ${url}/oauth/token -u "<client_id>:<client_secret>" -d grant_type=client_credentials

${mails}Stop with Ctrl+C. README.md goes on from here.

`;
}

/** A file that the output goes to is a log. */
const shown = (token: Secret, config: StandaloneConfig): string =>
  process.stdout.isTTY ? token.reveal() : `$(cat ${outboxTokenFile(config)})`;
