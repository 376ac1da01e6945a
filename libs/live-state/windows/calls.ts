/** Calls that passed, oldest first. */
export type Calls = readonly { readonly atMs: number; readonly count: number }[];
