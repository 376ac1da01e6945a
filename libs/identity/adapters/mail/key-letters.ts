import { assertNever } from '@latchkey/kernel';
import type { KeyNotice, NoticedKey } from '../../application/key-notice';
import type { Draft, Fact } from './letter';
import { addressShown, notALink, shown } from './words';

type Values<Template extends KeyNotice['template']> = Extract<KeyNotice, { template: Template }>['values'];

/** Letters about API keys. They show no part of a key. */
export function keyNotice(notice: KeyNotice): Draft {
  switch (notice.template) {
    case 'key_expires':
      return keyExpires(notice.values);
    case 'key_rotation_stalled':
      return rotationStalled(notice.values);
    case 'key_leaked':
      return keyLeaked(notice.values);
    default:
      return assertNever(notice);
  }
}

const factsOf = ({ name, keyId, workspace }: NoticedKey): readonly Fact[] => [
  ['API key', notALink(name)],
  ['Id', keyId],
  ['Workspace', notALink(workspace)],
];

const dayOf = (time: Date): string => time.toISOString().slice(0, 10);

const keyExpires = ({ key, daysBefore, expiresAt }: Values<'key_expires'>): Draft => ({
  subject: `API key expires on ${dayOf(expiresAt)}: ${notALink(key.name)}`,
  paragraphs: [
    `An API key that you have made expires within ${daysBefore} days. From that moment on nothing accepts it.`,
    { facts: [...factsOf(key), ['Expires', shown(expiresAt)]] },
    'Where it is still needed, give it a later expiry, or make another key and put that in its place before. Where it is not, do nothing.',
  ],
});

const rotationStalled = ({ key, lastUsedAt, graceUntil }: Values<'key_rotation_stalled'>): Draft => ({
  subject: `Old secret is still in use: ${notALink(key.name)}`,
  paragraphs: [
    'An API key that you have made was rotated, and something still calls with its old secret. When the grace period is over, those calls fail.',
    {
      facts: [...factsOf(key), ['Old secret was used last', shown(lastUsedAt)], ['Old secret ends', shown(graceUntil)]],
    },
    `GET /api/v1/api-keys/${key.keyId}/rotation says who calls with it, and from where. Give them the new secret before it ends.`,
  ],
});

const keyLeaked = (values: Values<'key_leaked'>): Draft => {
  const { key, secretId, url, source, reportedAt } = values;
  return {
    subject: `API key was found in public: ${notALink(key.name)}`,
    paragraphs: [
      'A secret of an API key was found where everybody can read it, so take it for known to everybody.',
      {
        facts: [
          ...factsOf(key),
          ['Secret', secretId],
          ['Found at', addressShown(url) || 'not said'],
          ['Found in', addressShown(source) || 'not said'],
          ['Reported', shown(reportedAt)],
        ],
      },
      CONSEQUENCE[values.policy],
      'Deleting it there does not help: copies stay. GET /api/v1/leaks has all reports, and where to see what was done with the secret.',
    ],
  };
};

/** What the workspace has chosen to be done, and what is left to do. */
const CONSEQUENCE: Readonly<Record<Values<'key_leaked'>['policy'], string>> = {
  notify: 'It still passes, as your workspace only wants to be told. Rotate or revoke the key now.',
  rotate:
    'As your workspace has it, it passes for a day at most from the report on. Rotate the key now, and put the new secret in its place.',
  revoke:
    'As your workspace has it, it was revoked: nothing accepts it any more. If the key had no other secret, make another key and put that in its place.',
};
