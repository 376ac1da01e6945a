import { assertNever } from '@latchkey/kernel';
import type { MfaMethod } from '@latchkey/contracts';
import type { MailMessage } from '../../application/ports';
import { keyNotice } from './key-letters';
import { letterOf, type Draft, type Letter } from './letter';
import { notALink, shown } from './words';

const DISTRUST = 'If this was not you, set another password now, and tell an admin of your workspace.';

const METHODS: Readonly<Record<MfaMethod, string>> = {
  totp: 'a code of an authenticator app',
  email: 'a code that is mailed to you',
};

/**
 * Writes the letters to people. A token stands behind the `#` of its link, which a browser sends to nobody: it is in no log of a server or
 * a proxy.
 * @param publicUrl where people reach the installation
 */
export const letterWriter = (publicUrl: string) => {
  const base = publicUrl.replace(/\/+$/, '');
  return (message: MailMessage): Letter => letterOf(message.to.written, draftOf(message, base));
};

function draftOf(message: MailMessage, base: string): Draft {
  switch (message.template) {
    case 'invitation':
      return invitation(message.values, base);
    case 'password_reset':
      return passwordReset(message.values, base);
    case 'email_code':
      return emailCode(message.values);
    case 'password_changed':
      return {
        subject: 'Your password was changed',
        paragraphs: [
          `The password of your account was changed at ${shown(message.values.at)}, and all its sessions have ended.`,
          DISTRUST,
        ],
      };
    case 'second_factor_changed':
      return secondFactorChanged(message.values);
    case 'account_locked':
      return {
        subject: 'Your account is locked for a while',
        paragraphs: [
          `Somebody has tried wrong passwords or codes for your account too often. Until ${shown(message.values.until)} it takes no more of them, but passwords from where you have signed in of late.`,
          'If that was you, wait, or reset the password. If it was not, nothing was opened, and you need to do nothing.',
        ],
      };
    case 'key_expires':
    case 'key_rotation_stalled':
    case 'key_leaked':
      return keyNotice(message);
    default:
      return assertNever(message);
  }
}

type Values<Template extends MailMessage['template']> = Extract<MailMessage, { template: Template }>['values'];

function invitation({ workspace, role, expiresAt, token }: Values<'invitation'>, base: string): Draft {
  const name = notALink(workspace);
  return {
    subject: `Invitation to ${name}`,
    paragraphs: [
      `You are invited to join the workspace “${name}”. Your role there would be: ${role}.`,
      { label: 'Accept the invitation', link: `${base}/accept-invitation#${token.reveal()}` },
      `The link works once, until ${shown(expiresAt)}. Whoever has it can join in your place, so pass it on to nobody.`,
      'If you do not expect this, do nothing.',
    ],
  };
}

const passwordReset = ({ expiresAt, token }: Values<'password_reset'>, base: string): Draft => ({
  subject: 'Set a new password',
  paragraphs: [
    'Somebody, probably you, has asked to set a new password for your account.',
    { label: 'Set a new password', link: `${base}/reset-password#${token.reveal()}` },
    `The link works once, until ${shown(expiresAt)}. Whoever has it can take over your account, so pass it on to nobody.`,
    'If it was not you, do nothing: your password stays as it is.',
  ],
});

const secondFactorChanged = ({ change, method }: Values<'second_factor_changed'>): Draft => ({
  subject: 'How you sign in has changed',
  paragraphs: [
    change === 'enrolled'
      ? `From now on, ${METHODS[method]} can be asked for when you sign in.`
      : `From now on, ${METHODS[method]} is not asked for any more when you sign in.`,
    DISTRUST,
  ],
});

/** The code is not in the subject: that is shown on locked screens. */
const emailCode = ({ expiresAt, code }: Values<'email_code'>): Draft => ({
  subject: 'Your code',
  paragraphs: [
    'To go on, type this code:',
    { code: code.reveal() },
    `It works once, until ${shown(expiresAt)}. Nobody of us will ever ask you for it.`,
    'If you are not signing in, somebody knows your password: set another one.',
  ],
});
