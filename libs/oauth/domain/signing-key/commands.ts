import type { PublicSigningKey, SigningAlgorithm } from './signing-keys';

/** What time asks for: a first key, the next one, the end of an old one. Nothing, mostly. */
export interface KeepKeys {
  readonly type: 'KeepKeys';
  /** Of what is issued from now on. */
  readonly algorithm: SigningAlgorithm;
  /** New keys, of which as many are published as are missing. */
  readonly made: readonly PublicSigningKey[];
  readonly now: Date;
}

/** The next key signs from now on, before its time. */
export interface RotateKeys {
  readonly type: 'RotateKeys';
  readonly now: Date;
}

/** Somebody else may have the private key. */
export interface RevokeKey {
  readonly type: 'RevokeKey';
  readonly kid: string;
  readonly now: Date;
}

export type SigningKeyCommand = KeepKeys | RotateKeys | RevokeKey;
