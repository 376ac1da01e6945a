import { Secret, type IdSource } from '@latchkey/kernel';
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
    const text = JSON.stringify({ to: to.written, template, values: revealed(values) });
    await tx.query('INSERT INTO mail_outbox (mail_id, recipient, sealed) VALUES ($1, $2, $3)', [
      mailId,
      to.canonical,
      seal(this.#key, Buffer.from(text), contextOfMail(mailId)),
    ]);
  }
}

const revealed = (values: MailMessage['values']) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
  );

/** What a sealed mail belongs to. */
export const contextOfMail = (mailId: string): string => `mail/${mailId}`;
