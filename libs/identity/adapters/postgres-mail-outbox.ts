import type { Clock, IdSource, Secret } from '@latchkey/kernel';
import { databaseFailure } from '@latchkey/event-store';
import { derivedKey, seal, unseal } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import type { Mail, MailMessage, Transaction } from '../application/ports';
import type { Letter } from './mail/letter';

export interface MailOutboxOptions {
  readonly dataSource: DataSource;
  readonly masterKey: Secret;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly write: (message: MailMessage) => Letter;
}

/** A mail that one sender has for a while. */
export interface TakenMail {
  readonly mailId: string;
  readonly template: string;
  /** How often it was taken, this time included. */
  readonly attempt: number;
  /** From then on nobody needs it any more. */
  readonly goodUntil: Date;
  /** @throws Error when it was sealed under another master key */
  open(): Letter;
}

const DAY_MS = 86_400_000;
/** So long is it tried to send a mail. */
const KEPT_MS = DAY_MS;
/** And one that nobody would ask for again. */
const NOTICE_KEPT_MS = 7 * DAY_MS;

/**
 * Mails that are to be sent, with what is in them sealed: it may be a link that is as good as a password. Whoever takes one has it until a
 * time, and not in a transaction that stays open meanwhile: erasing a person must not wait for a mail server.
 */
export class PostgresMailOutbox implements Mail {
  readonly #key: Buffer;

  constructor(private readonly options: MailOutboxOptions) {
    this.#key = derivedKey(options.masterKey, 'latchkey/identity/mail/v1');
  }

  async send(tx: Transaction, message: MailMessage): Promise<void> {
    const { ids, clock, write } = this.options;
    const mailId = ids.next();
    const now = clock.now();
    const goodUntil = new Date(Math.min(now.getTime() + keptMs(message), endOf(message)?.getTime() ?? Infinity));
    await tx.query(
      `INSERT INTO mail_outbox (mail_id, recipient, template, sealed, due_at, good_until) VALUES ($1, $2, $3, $4, $5, $6)`,
      [
        mailId,
        message.to.canonical,
        message.template,
        seal(this.#key, Buffer.from(JSON.stringify(write(message))), contextOf(mailId)),
        now,
        goodUntil,
      ],
    );
  }

  /**
   * The mail that has waited longest, if one is due; an invitation, or news of a key, when nothing else is, as there may be many, and
   * who waits for a code waits at the screen. Of several who ask at once, each gets another one.
   */
  async take(until: Date): Promise<TakenMail | null> {
    const [[row]] = await this.#query<[MailRow[], number]>(
      `UPDATE mail_outbox SET attempts = attempts + 1, due_at = $2
        WHERE mail_id = (SELECT mail_id FROM mail_outbox WHERE due_at <= $1
                          ORDER BY (template IN ('invitation', 'key_expires', 'key_rotation_stalled', 'key_leaked')), due_at, mail_id
                          LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING mail_id, template, attempts, good_until, sealed`,
      [this.options.clock.now(), until],
    );
    if (!row) return null;
    const { mail_id: mailId, template, attempts: attempt, good_until: goodUntil, sealed } = row;
    const open = () => JSON.parse(unseal(this.#key, sealed, contextOf(mailId)).toString()) as Letter;
    return { mailId, template, attempt, goodUntil, open };
  }

  /** It was sent, or never will be: nothing of it is left. */
  async remove({ mailId }: TakenMail): Promise<void> {
    await this.#query('DELETE FROM mail_outbox WHERE mail_id = $1', [mailId]);
  }

  /** Unless somebody else has taken it since, who will say so himself. */
  async putOff({ mailId, attempt }: TakenMail, dueAt: Date): Promise<void> {
    await this.#query('UPDATE mail_outbox SET due_at = $3 WHERE mail_id = $1 AND attempts = $2', [
      mailId,
      attempt,
      dueAt,
    ]);
  }

  /** How many there are, those that are put off included. */
  async waiting(): Promise<number> {
    const [row] = await this.#query<{ count: number }[]>('SELECT count(*)::integer AS count FROM mail_outbox', []);
    return row?.count ?? 0;
  }

  async #query<Rows>(statement: string, parameters: unknown[]): Promise<Rows> {
    try {
      return await this.options.dataSource.query<Rows>(statement, parameters);
    } catch (error) {
      throw databaseFailure(error, 'the outbox of mails');
    }
  }
}

interface MailRow {
  readonly mail_id: string;
  readonly template: string;
  readonly attempts: number;
  readonly good_until: Date;
  readonly sealed: Buffer;
}

/** What a sealed mail belongs to. */
const contextOf = (mailId: string): string => `mail/${mailId}`;

const keptMs = ({ template }: MailMessage): number => (template.startsWith('key_') ? NOTICE_KEPT_MS : KEPT_MS);

/** When nobody needs it any more, if there is such a time. */
function endOf({ values }: MailMessage): Date | undefined {
  if ('expiresAt' in values) return values.expiresAt;
  return 'graceUntil' in values ? values.graceUntil : undefined;
}
