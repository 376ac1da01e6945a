import { isClientSecret, isForeignKey, parseKey } from '@latchkey/access';
import type { CommandIo } from './command';

const EXIT_MALFORMED = 1;
/** Far above any key: enough to see that the input is none. */
const INPUT_BYTES_MAX = 4_096;

/**
 * Tells what can be told of a key offline, without showing it. The key comes by standard input: arguments are seen by every user of
 * the machine, and kept by shells.
 */
export async function inspect({ out, readInput }: CommandIo): Promise<number> {
  const text = (await readInput(INPUT_BYTES_MAX)).replace(/\r?\n$/, '');
  if (isClientSecret(text)) {
    out('the secret of an OAuth application: shape and checksum are right\n');
    return 0;
  }
  if (isForeignKey(text)) {
    out('a key from elsewhere: whether it is mistyped cannot be told offline\n');
    return 0;
  }
  const parsed = parseKey(text);
  if (parsed.kind === 'key') {
    out(`profile ${parsed.profile.name}, environment ${parsed.environment}: shape and checksum are right\n`);
    return 0;
  }
  out(
    parsed.error === 'checksum'
      ? 'malformed: it has the shape of a key, but its checksum is wrong; a character was mistyped\n'
      : 'malformed: it does not have the shape of a key of any profile\n',
  );
  return EXIT_MALFORMED;
}
