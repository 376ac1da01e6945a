import { createHash } from 'node:crypto';
import { OPERATOR, type KeyRights, type Passwords, type RightsTable } from './rights';

/** What every script asks, and the scripts themselves. Commands inside one need a right of their own, on the keys that they touch. */
const SCRIPTS = '+eval +evalsha +time +info ~{p*}:*';

/**
 * Redis' file of users: one for each service that uses live state, with its rights and no others; nobody else but the operator.
 * @param passwords of the services and of the operator
 */
export const redisUsers = (rights: RightsTable, passwords: Passwords): string =>
  [
    'user default reset off',
    `user ${OPERATOR} reset on ${secretOf(OPERATOR, passwords)} +@all ~* &*`,
    ...Object.entries(rights).flatMap(([service, { liveState }]) =>
      liveState === undefined
        ? []
        : `user ${service} reset on ${secretOf(service, passwords)} ${[SCRIPTS, ...liveState.map(selector)].join(' ')}`,
    ),
    '',
  ].join('\n');

const selector = ({ keys, commands }: KeyRights) =>
  `(${[...commands.map((command) => `+${command}`), ...keys.map((key) => `~${key}`)].join(' ')})`;

/** Redis takes the digest in the place of the password. */
const secretOf = (user: string, passwords: Passwords) =>
  `#${createHash('sha256')
    .update(passwords[user] ?? '')
    .digest('hex')}`;
