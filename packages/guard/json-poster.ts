import { Agent, request as requestOverHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as requestOverTls } from 'node:https';

/** Certificates of a client, as PEM. */
export interface ClientTls {
  /** Who the server's certificate must come from. The system's authorities when absent. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface JsonPosterOptions {
  /** A function is asked before every call, for certificates that are renewed: another object than before means new connections. */
  readonly tls?: ClientTls | (() => ClientTls) | undefined;
  /** The name that the server's certificate must have. That of its address when absent. */
  readonly serverName?: string | undefined;
  /** The longest reply that is taken, in bytes. */
  readonly replyBytesMax: number;
}

/** What was asked over a connection that the server was just closing was not seen by it. */
const isStale = (call: ClientRequest, error: unknown) =>
  call.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(String(Reflect.get(Object(error) as object, 'code')));

/** Posts JSON over connections that are kept. It follows no redirect. */
export class JsonPoster {
  readonly #plain = new Agent({ keepAlive: true });
  #secure: { readonly tls: ClientTls; readonly agent: TlsAgent } | undefined;

  constructor(private readonly options: JsonPosterOptions) {}

  /** @returns the body of a 200; @throws Error for any other reply, a longer one, and none */
  async post(url: URL, headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<string> {
    for (;;) {
      const call = this.#open(url, { 'content-type': 'application/json', ...headers }, body, signal);
      try {
        return await this.#replyOf(call, url);
      } catch (error) {
        if (!isStale(call, error)) throw error;
      }
    }
  }

  /** Closes the connections. */
  close(): void {
    this.#plain.destroy();
    this.#secure?.agent.destroy();
  }

  #open(url: URL, headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): ClientRequest {
    const options = { method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(body) }, signal };
    const call =
      url.protocol === 'https:'
        ? requestOverTls(url, { ...options, agent: this.#agent() })
        : requestOverHttp(url, { ...options, agent: this.#plain });
    return call.end(body);
  }

  #agent(): TlsAgent {
    const { tls: given = {}, serverName } = this.options;
    const tls = typeof given === 'function' ? given() : given;
    if (this.#secure?.tls !== tls) {
      this.#secure?.agent.destroy();
      const agent = new TlsAgent({
        keepAlive: true,
        minVersion: 'TLSv1.2',
        ...tls,
        ...(serverName !== undefined && { servername: serverName }),
      });
      this.#secure = { tls, agent };
    }
    return this.#secure.agent;
  }

  async #replyOf(call: ClientRequest, { origin }: URL): Promise<string> {
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      call.once('response', resolve);
      call.on('error', reject);
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of reply as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > this.options.replyBytesMax) throw new Error(`${origin} answered too much`);
      chunks.push(chunk);
    }
    if (reply.statusCode !== 200) throw new Error(`${origin} answered ${reply.statusCode ?? 'nothing'}`);
    return Buffer.concat(chunks).toString();
  }
}
