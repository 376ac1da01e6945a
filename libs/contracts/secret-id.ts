/** The id of one secret of a key, or of one token of a session: `<id>.<n>`, n from 1 (C29). */
export const secretIdOf = (id: string, number: number): string => `${id}.${number}`;

export const secretNumberOf = (secretId: string): number => Number(secretId.slice(secretId.lastIndexOf('.') + 1));
