import { readFileSync } from 'node:fs';
import { SmtpDelivery, type Delivery } from '@latchkey/identity';
import { ConfigError, variables, type SmtpServer } from '@latchkey/platform';

/** Variables of a process that sends mails. */
export const mailVariables = {
  SMTP_URL: variables.SMTP_URL.optional(),
  SMTP_CA: variables.SMTP_CA.optional(),
  MAIL_FROM: variables.MAIL_FROM,
  PUBLIC_URL: variables.PUBLIC_URL.optional(),
};

export interface MailConfig {
  readonly SMTP_URL?: SmtpServer | undefined;
  readonly SMTP_CA?: string | undefined;
  readonly MAIL_FROM: string;
  readonly PUBLIC_URL?: string | undefined;
}

/**
 * Null: there is no server that takes mails.
 * @throws ConfigError when the authority of the server's certificate cannot be read
 */
export function smtpDelivery({ SMTP_URL: server, SMTP_CA: file, MAIL_FROM: from }: MailConfig): Delivery | null {
  return server === undefined ? null : new SmtpDelivery({ server, from, ca: file && pemIn(file) });
}

function pemIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ConfigError(['SMTP_CA: names a file that cannot be read.']);
  }
}
