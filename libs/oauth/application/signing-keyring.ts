import { AppError, type Clock } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type { KeepKeys } from '../domain/signing-key/commands';
import { decide, keysMissing } from '../domain/signing-key/decide';
import {
  activeKey,
  noSigningKeys,
  verifyingKeys,
  type SigningAlgorithm,
  type SigningKey,
} from '../domain/signing-key/signing-keys';
import type {
  Signer,
  SigningKeyPair,
  SigningKeyStore,
  SigningKeysVersion,
  SigningKeyWrite,
  SigningMachinery,
} from './ports-signing-keys';

export interface SigningKeyringParts {
  readonly store: SigningKeyStore;
  readonly machinery: SigningMachinery;
  readonly settlement: Settlement;
  readonly clock: Clock;
  /** Of what is issued from now on. */
  readonly algorithm: SigningAlgorithm;
}

/** Until what was read is read again for whoever asks for the published keys. */
const FRESH_MS = 1_000;
/** Whose doing it is when time asks for it. */
const BY_ITSELF = 'installation';

/** The installation's signing keys as one process knows them, and what brings in new ones. */
export class SigningKeyring {
  #known: SigningKeysVersion = { state: noSigningKeys, version: 0 };
  #signer: Signer | null = null;
  #readAtMs = -Infinity;
  #reading: Promise<void> | undefined;

  constructor(private readonly parts: SigningKeyringParts) {}

  /**
   * The key that signs.
   * @throws AppError `service.unavailable`: none is known yet
   */
  current(): Signer {
    if (this.#signer === null) throw new AppError('service.unavailable', { internal: 'there is no signing key yet' });
    return this.#signer;
  }

  /** Those that verify, as they are now or were a second ago; the last that were read where they cannot be read. */
  async published(): Promise<readonly SigningKey[]> {
    if (performance.now() - this.#readAtMs > FRESH_MS) {
      this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
      const read = this.#reading;
      if (this.#signer === null) await read;
      else await read.catch(() => undefined);
    }
    return verifyingKeys(this.#known.state);
  }

  /**
   * Does what time asks for, and takes over what other processes have done. Of several at once one makes the keys.
   * @throws AppError `service.unavailable`
   */
  async keep(): Promise<void> {
    const { store, algorithm, clock } = this.parts;
    const asked: Omit<KeepKeys, 'made'> = { type: 'KeepKeys', algorithm, now: clock.now() };
    const found = await store.load();
    const made = await this.#make(keysMissing(asked, found.state));
    const command = { ...asked, made };
    if (decide(command, found.state).length === 0) await this.#use(found);
    else await this.#write(command);
  }

  async #write(command: KeepKeys & Pick<SigningKeyWrite, 'made'>): Promise<void> {
    const { store, settlement } = this.parts;
    const written = await store.write({
      decide: (state) => decide(command, state),
      ...{ made: command.made, settles: [], actorId: BY_ITSELF },
      at: command.now,
    });
    await settlement.settle(written.changed);
    await this.#use(written);
  }

  #make(count: number): Promise<readonly SigningKeyPair[]> {
    const { machinery, algorithm } = this.parts;
    return Promise.all(Array.from({ length: count }, () => machinery.generate(algorithm)));
  }

  async #read(): Promise<void> {
    await this.#use(await this.parts.store.load());
  }

  async #use(found: SigningKeysVersion): Promise<void> {
    const active = activeKey(found.state);
    const fresh = active && active.kid !== this.#signer?.kid ? await this.#signerOf(active) : null;
    // Two may read at once, and the one that read first come last.
    if (found.version < this.#known.version) return;
    this.#known = found;
    this.#readAtMs = performance.now();
    if (fresh) this.#signer = fresh;
    else if (!this.#verifies(this.#signer?.kid)) this.#signer = null;
  }

  /** Null: its private key is gone, as another process has had the next one sign meanwhile. The next reading shows it. */
  async #signerOf(key: SigningKey): Promise<Signer | null> {
    const privateKey = await this.parts.store.privateKeyOf(key.kid);
    return privateKey && this.parts.machinery.signerOf(key, privateKey);
  }

  #verifies(kid: string | undefined): boolean {
    return verifyingKeys(this.#known.state).some((key) => key.kid === kid);
  }
}
