/** The id of one secret of a key: `<key id>.<n>`, n from 1 (C29). */
export const secretIdOf = (keyId: string, number: number): string => `${keyId}.${number}`;

export const secretNumberOf = (secretId: string): number => Number(secretId.slice(secretId.lastIndexOf('.') + 1));
