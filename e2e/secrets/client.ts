import { call, type Answer, type Call } from '../harness/http';
import type { MarkedSecret } from './forms';

interface Issued {
  readonly id: string;
  readonly secret: string;
}

/** Calls over HTTP, and keeps whatever came back, and every secret that it was given. */
export class RecordingClient {
  readonly secrets: MarkedSecret[] = [];
  readonly answers: string[] = [];

  /** A failed connection is kept as its message. */
  async send(url: string, sent: Call): Promise<Answer | null> {
    try {
      const answer = await call(url, sent);
      this.answers.push(textOf(answer));
      return answer;
    } catch (error) {
      this.answers.push(String(error));
      return null;
    }
  }

  /** For a request whose answer shows a key this once: only the rest of the answer must hold none. */
  async issue(url: string, name: string, sent: Call): Promise<Issued> {
    return this.shown(url, name, { method: 'POST', ...sent }, (answer) => {
      const body = answer.json<{ id?: string; key?: string; data?: { id: string; key: string } }>();
      const { id = '', key: secret = '' } = body.data ?? body;
      return { id, secret };
    });
  }

  /** The same for whatever secret, wherever the answer shows it. */
  async shown<Shown extends Issued>(
    url: string,
    name: string,
    sent: Call,
    read: (answer: Answer) => Shown,
  ): Promise<Shown> {
    const answer = await call(url, sent);
    if (answer.status !== 201 && answer.status !== 200)
      throw new Error(`${sent.path} answered ${answer.status}: ${answer.text}`);
    const shown = read(answer);
    this.secrets.push({ name, value: shown.secret });
    this.answers.push(textOf(answer).replace(shown.secret, ''));
    return shown;
  }
}

const textOf = ({ status, headers, text }: Answer) => `${status}\n${JSON.stringify(headers)}\n${text}`;
