import { secretNumberOf, type Principal, type SubjectReader } from '@latchkey/contracts';

/** When API keys end by themselves. A check does not say it: until then it is asked again. */
export class KeyEnds {
  constructor(private readonly reader: SubjectReader) {}

  /**
   * Unix ms at which the secret that was shown passes no more, as its key expires or it has been replaced and its grace period ends; null: it
   * does not end by itself.
   * @throws AppError `service.unavailable`
   */
  async endOf({ id, secret_id: secretId }: Principal): Promise<number | null> {
    const [snapshot] = await this.reader.read('issuance', [{ kind: 'key', id }]);
    if (snapshot?.body?.kind !== 'key') return null;
    const { expiresAtMs, secrets } = snapshot.body;
    const graceUntilMs = secrets.find(({ number }) => number === secretNumberOf(secretId))?.graceUntilMs ?? null;
    const ends = [expiresAtMs, graceUntilMs].filter((end) => end !== null);
    return ends.length === 0 ? null : Math.min(...ends);
  }
}
