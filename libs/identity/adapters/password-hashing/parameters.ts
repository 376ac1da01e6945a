/** argon2id, RFC 9106 §4, the second recommended option. Raising any of them re-hashes each password when it is next used. */
export const ARGON2ID = {
  memoryCost: 65_536,
  timeCost: 3,
  parallelism: 4,
  hashLength: 32,
} as const;

const SALT_BYTES = 16;

const base64 = (bytes: number): string => Buffer.alloc(bytes).toString('base64').replace(/=+$/, '');

export type Argon2Parameters = Readonly<Record<keyof typeof ARGON2ID, number>>;

/** In the form of PHC, of no password: to verify against it takes what it takes for any other. */
export const nobodysHash = ({ memoryCost, timeCost, parallelism, hashLength }: Argon2Parameters): string =>
  `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${base64(SALT_BYTES)}$${base64(hashLength)}`;
