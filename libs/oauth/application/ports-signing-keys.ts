import type { Secret } from '@latchkey/kernel';
import type { SigningKeyEvent } from '@latchkey/contracts';
import type { ChangedSubject } from '@latchkey/live-state';
import type { PublicSigningKey, SigningAlgorithm, SigningKeys } from '../domain/signing-key/signing-keys';

/** A key with its private part. */
export interface SigningKeyPair extends PublicSigningKey {
  /** PKCS #8 in PEM. */
  readonly privateKey: Secret;
}

export interface SigningKeyWrite {
  /** Pure; called again on newer state when somebody else was faster. */
  readonly decide: (state: SigningKeys) => readonly SigningKeyEvent[];
  /** Of these the private parts of those are kept that the events publish. */
  readonly made: readonly SigningKeyPair[];
  /** Keys on whose state the answer rests: they are settled also where nothing was decided, as somebody else's change may not have been yet. */
  readonly settles: readonly string[];
  readonly actorId: string;
  readonly at: Date;
}

/** As they were when so many events had happened to them. */
export interface SigningKeysVersion {
  readonly state: SigningKeys;
  readonly version: number;
}

export interface WrittenSigningKeys extends SigningKeysVersion {
  /** What must be settled before an answer may rely on it. */
  readonly changed: readonly ChangedSubject[];
}

/** Signing keys as one stream of events, and what must change with them. */
export interface SigningKeyStore {
  /** @throws AppError `service.unavailable` */
  load(): Promise<SigningKeysVersion>;
  /**
   * Loads, decides and writes events, outbox, subjects and sealed private keys in one transaction. A private key goes when its key signs no more.
   * @throws AppError what `decide` throws; `stream.version_conflict` after several lost races; `service.unavailable`
   */
  write(write: SigningKeyWrite): Promise<WrittenSigningKeys>;
  /**
   * Null: it is gone, as the key signs no more.
   * @throws Error when the master key is not the one that it is sealed under
   */
  privateKeyOf(kid: string): Promise<Secret | null>;
}

/** Makes and uses keys, off the event loop. */
export interface SigningMachinery {
  generate(algorithm: SigningAlgorithm): Promise<SigningKeyPair>;
  signerOf(key: PublicSigningKey, privateKey: Secret): Signer;
}

/** One key that signs. */
export interface Signer {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  /** The signature in the form of RFC 7518 §3.3 or §3.4, in base64url. */
  sign(text: string): Promise<string>;
}
