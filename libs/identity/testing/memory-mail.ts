import type { Mail, MailMessage, Transaction } from '../application/ports';

/** Keeps what is sent. Whether the transaction was committed is not its concern. */
export class MemoryMail implements Mail {
  readonly sent: MailMessage[] = [];

  async send(_tx: Transaction, message: MailMessage): Promise<void> {
    this.sent.push(message);
  }

  /** The token in the latest mail to the address. */
  tokenTo(canonical: string): string {
    const mail = this.sent.findLast(({ to }) => to.canonical === canonical);
    if (!mail || !('token' in mail.values)) throw new Error(`no token was mailed to ${canonical}`);
    return mail.values.token.reveal();
  }
}
