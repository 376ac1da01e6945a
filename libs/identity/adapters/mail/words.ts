const SHOWN_MAX = 60;
const ADDRESS_MAX = 300;

/** To the minute, in UTC. */
export const shown = (time: Date): string => `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/**
 * A name that anybody can choose, in a letter that we vouch for: in one line, cut where it is long, and nothing that a program for
 * mails would turn into a link.
 */
export function notALink(name: string): string {
  // Behind a dot or an at sign a name of a host may begin; a zero-width non-joiner is not seen, and ends it.
  return lineOf(name, SHOWN_MAX)
    .replace(/:\/+/g, ' ')
    .replace(/([.@])(?=\S)/g, '$1\u200c');
}

/** An address that is to be read, and may be copied: in one line, without anything that is not seen, and cut where it is long. */
export const addressShown = (address: string): string => lineOf(address, ADDRESS_MAX);

function lineOf(text: string, charactersMax: number): string {
  const characters = [...text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim()];
  if (characters.length <= charactersMax) return characters.join('');
  return `${characters.slice(0, charactersMax - 1).join('')}…`;
}
