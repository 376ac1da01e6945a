import type { IdSource, Secret } from '@latchkey/kernel';
import { derivedKey, seal } from '@latchkey/platform';
import type { Mail, MailMessage, Transaction } from '../application/ports';

/** Mails that are to be sent, with what is in them sealed: it may be a link that is as good as a password. */
export class PostgresMailOutbox implements Mail {
  readonly #key: Buffer;

  constructor(
    masterKey: Secret,
    private readonly ids: IdSource,
  ) {
    this.#key = derivedKey(masterKey, 'latchkey/identity/mail/v1');
  }

  async send(tx: Transaction, { to, template, values }: MailMessage): Promise<void> {
    const mailId = this.ids.next();
    const text = JSON.stringify({ to: to.written, template, values: { ...values, token: values.token.reveal() } });
    await tx.query('INSERT INTO mail_outbox (mail_id, recipient, sealed) VALUES ($1, $2, $3)', [
      mailId,
      to.canonical,
      seal(this.#key, Buffer.from(text), contextOfMail(mailId)),
    ]);
  }
}

/** What a sealed mail belongs to. */
export const contextOfMail = (mailId: string): string => `mail/${mailId}`;
