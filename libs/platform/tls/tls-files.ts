import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError } from '../config/load-config';

/** Of a service: its own certificate with its key, and the authority of the installation, all PEM. */
export interface TlsMaterial {
  /** The certificate, then those between it and its authority. */
  readonly cert: string;
  readonly key: string;
  /** Whoever has a certificate of it counts as part of the installation. */
  readonly ca: string;
}

/** Where the parts are, as PEM files. */
export type TlsPaths = TlsMaterial;

const VARIABLES = { cert: 'LATCHKEY_TLS_CERT', key: 'LATCHKEY_TLS_KEY', ca: 'LATCHKEY_TLS_CA' } as const;
type Part = keyof typeof VARIABLES;

const RELOAD_MS = 10_000;

export interface TlsFilesOptions {
  /** Told when renewed files cannot be used; what was read before stays in force. */
  readonly onError: (error: unknown) => void;
  /** How often the files are looked at, in ms; 10,000 when absent. */
  readonly reloadMs?: number;
}

/** The TLS files of a service, read again when they change, so that a certificate is renewed without a restart. */
export class TlsFiles {
  readonly #listeners = new Set<(material: TlsMaterial) => void>();
  readonly #timer: NodeJS.Timeout;
  #current: TlsMaterial;

  /** @throws ConfigError that names the variable whose file cannot be used */
  constructor(
    private readonly paths: TlsPaths,
    private readonly options: TlsFilesOptions,
  ) {
    this.#current = readMaterial(paths);
    this.#timer = setInterval(() => this.#reload(), options.reloadMs ?? RELOAD_MS).unref();
  }

  /** The same object until the files change. */
  get current(): TlsMaterial {
    return this.#current;
  }

  /** Tells of every change from now on. Answers how to stop that. */
  onChange(listener: (material: TlsMaterial) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  #reload(): void {
    try {
      const material = readMaterial(this.paths);
      const { cert, key, ca } = this.#current;
      if (material.cert === cert && material.key === key && material.ca === ca) return;
      this.#current = material;
      for (const listener of this.#listeners) listener(material);
    } catch (error) {
      this.options.onError(error);
    }
  }
}

/** No message holds anything of a file: it may be the key. */
function readMaterial(paths: TlsPaths): TlsMaterial {
  const cert = readPart('cert', paths.cert);
  const key = readPart('key', paths.key);
  const certificate = parsed('cert', 'holds no PEM certificate', () => new X509Certificate(cert));
  const privateKey = parsed('key', 'holds no PEM private key without a passphrase', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) throw refusal('key', 'is not the key of LATCHKEY_TLS_CERT');
  if (Date.parse(certificate.validTo) <= Date.now()) throw refusal('cert', 'has expired');
  const ca = readPart('ca', paths.ca);
  const authority = parsed('ca', 'holds no PEM certificate', () => new X509Certificate(ca));
  if (!authority.ca) throw refusal('ca', 'is not the certificate of an authority');
  return { cert, key, ca };
}

function readPart(part: Part, file: string): string {
  return parsed(part, 'cannot be read', () => readFileSync(file, 'utf8'));
}

function parsed<Result>(part: Part, problem: string, parse: () => Result): Result {
  try {
    return parse();
  } catch {
    throw refusal(part, problem);
  }
}

const refusal = (part: Part, problem: string) => new ConfigError([`${VARIABLES[part]}: the file ${problem}.`]);
