import type { SigningKeyEvent, SigningKeySubject } from '@latchkey/contracts';
import { assertNever } from '@latchkey/kernel';

export type SigningAlgorithm = SigningKeySubject['algorithm'];

/** A key as others may know it. */
export interface PublicSigningKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  /** Without `kid`, `alg` and `use`. */
  readonly jwk: Readonly<Record<string, string>>;
}

export type SigningKey = PublicSigningKey & { readonly publishedAt: Date } & (
    | { readonly status: 'Published' }
    | { readonly status: 'Active'; readonly activatedAt: Date }
    | { readonly status: 'Retired'; readonly retiredAt: Date }
    | { readonly status: 'Dropped' }
    | { readonly status: 'Revoked' }
  );

export type KeyOf<Status extends SigningKey['status']> = Extract<SigningKey, { status: Status }>;

/** All keys that there ever were, in the order in which they were published. One signs at a time. */
export interface SigningKeys {
  readonly keys: readonly SigningKey[];
}

export const noSigningKeys: SigningKeys = { keys: [] };

/** `status`: those of one status alone. */
export const keysOf = <Status extends SigningKey['status']>(
  { keys }: SigningKeys,
  status: Status,
): readonly KeyOf<Status>[] => keys.filter((key): key is KeyOf<Status> => key.status === status);

export const activeKey = (state: SigningKeys): KeyOf<'Active'> | undefined => keysOf(state, 'Active')[0];

/** Those by which a token that is still good may have been signed, or will be: what is published of keys (RFC 7517). */
export const verifyingKeys = ({ keys }: SigningKeys): readonly SigningKey[] =>
  keys.filter(({ status }) => status === 'Published' || status === 'Active' || status === 'Retired');

export function evolve(state: SigningKeys, { type, data }: SigningKeyEvent): SigningKeys {
  switch (type) {
    case 'latchkey.signing_key.published.v1': {
      const { kid, algorithm, jwk, publishedAt } = data;
      return {
        keys: [...state.keys, { kid, algorithm, jwk, publishedAt: new Date(publishedAt), status: 'Published' }],
      };
    }
    case 'latchkey.signing_key.activated.v1':
      return changed(state, data.kid, (key) => ({
        ...plain(key),
        status: 'Active',
        activatedAt: new Date(data.activatedAt),
      }));
    case 'latchkey.signing_key.retired.v1':
      return changed(state, data.kid, (key) => ({
        ...plain(key),
        status: 'Retired',
        retiredAt: new Date(data.retiredAt),
      }));
    case 'latchkey.signing_key.dropped.v1':
      return changed(state, data.kid, (key) => ({ ...plain(key), status: 'Dropped' }));
    case 'latchkey.signing_key.revoked.v1':
      return changed(state, data.kid, (key) => ({ ...plain(key), status: 'Revoked' }));
    default:
      return assertNever(type);
  }
}

const changed = (state: SigningKeys, kid: string, change: (key: SigningKey) => SigningKey): SigningKeys => ({
  keys: state.keys.map((key) => (key.kid === kid ? change(key) : key)),
});

const plain = ({ kid, algorithm, jwk, publishedAt }: SigningKey) => ({ kid, algorithm, jwk, publishedAt });
