/** What clients did and were told, as they saw it. Times are `performance.now()` of the test. */

export type CommandKind = 'create' | 'rotate' | 'update' | 'revoke';

export interface Command {
  /** Of the command, not of a try: try n has the request id `<id>_<n>`. */
  readonly id: string;
  readonly kind: CommandKind;
  /** `null`: a create that was never answered. */
  readonly keyId: string | null;
  readonly outcome: 'acknowledged' | 'refused' | 'unknown';
  /** The name that the key has from then on; of create and update. */
  readonly name?: string;
  /** What a refusal said. */
  readonly answer?: string;
}

export interface IssuedSecret {
  readonly secret: string;
  readonly keyId: string;
  /** The first request that may end it was sent. */
  endSentAt: number | null;
  /** It was acknowledged that it has ended. */
  endedAt: number | null;
}

export interface CheckSeen {
  readonly node: string;
  readonly startedAt: number;
  readonly answeredAt: number;
  readonly allowed: boolean;
  readonly reason: string | null;
}

export const requestIdOf = (commandId: string, attempt: number): string => `${commandId}_${attempt}`;
export const commandIdOf = (requestId: string): string => requestId.replace(/_\d+$/, '');

export class History {
  readonly commands: Command[] = [];
  readonly secrets: IssuedSecret[] = [];
  /** What is wrong with single checks. */
  readonly wrongChecks: string[] = [];
  checks = 0;
  accepts = 0;
  #lastId = 0;

  /** @param about letters, digits and `-` */
  newId(about: string): string {
    return `${about}-${++this.#lastId}`;
  }

  issued(secret: string, keyId: string): IssuedSecret {
    const issued: IssuedSecret = { secret, keyId, endSentAt: null, endedAt: null };
    this.secrets.push(issued);
    return issued;
  }

  seen(secret: IssuedSecret, check: CheckSeen): void {
    this.checks += 1;
    if (check.allowed) this.accepts += 1;
    const wrong = wrongCheck(secret, check);
    if (wrong !== null) this.wrongChecks.push(wrong);
  }
}

/** No statement about the secret. */
const UNDECIDED: readonly (string | null)[] = ['unavailable', 'rate_limited'];

/** What is wrong with the answer; null: it is right, or nobody can say. */
export function wrongCheck({ keyId, endSentAt, endedAt }: IssuedSecret, check: CheckSeen): string | null {
  const { node, startedAt, answeredAt, allowed, reason } = check;
  if (allowed && endedAt !== null && endedAt <= startedAt)
    return `${node} accepted a secret of ${keyId} ${Math.round(startedAt - endedAt)} ms after its end was acknowledged`;
  if (!allowed && !UNDECIDED.includes(reason) && (endSentAt === null || endSentAt >= answeredAt))
    return `${node} refused a live secret of ${keyId}: ${reason}`;
  return null;
}
