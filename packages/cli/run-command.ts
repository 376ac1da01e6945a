import { parseArgs } from 'node:util';
import { ConfigError, useKeyFormats } from '@latchkey/platform';
import { inspect } from './inspect.command';
import { keygen } from './keygen.command';
import { UsageError, type CommandIo } from './command';

export const USAGE = `latchkey <command>

  keygen --profile <name> [--environment live|test]
      Makes a key offline and prints it. It is registered nowhere.
  inspect
      Reads a key from standard input and tells whether its shape and checksum are right. Nothing is sent anywhere.

Exit codes: 0 done, 1 the key is malformed, 2 the command is not understood, or a variable is wrong.
`;

const EXIT_USAGE = 2;

/** Runs one command line (without the program's name). @returns the exit code */
export async function runCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...args] = argv;
  try {
    switch (name) {
      case 'keygen':
      case 'inspect':
        useKeyFormats(io.environment);
        if (name === 'keygen') return keygen(optionsOf(args, ['profile', 'environment']), io);
        optionsOf(args, []);
        return await inspect(io);
      case 'help':
      case '--help':
      case '-h':
        io.out(USAGE);
        return 0;
      case undefined:
        throw new UsageError('a command is missing');
      default:
        // Not shown back: a key that is pasted in the wrong place must not reach a log.
        throw new UsageError('there is no such command');
    }
  } catch (error) {
    if (error instanceof ConfigError) {
      io.err(`latchkey: ${error.message}\n`);
      return EXIT_USAGE;
    }
    if (!(error instanceof UsageError)) throw error;
    io.err(`latchkey: ${error.message}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
}

/** @throws UsageError for anything but these options with a value each */
function optionsOf(args: readonly string[], names: readonly string[]): Readonly<Record<string, string | undefined>> {
  try {
    const options = Object.fromEntries(names.map((name) => [name, { type: 'string' } as const]));
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (cause) {
    const known = names.map((name) => `--${name}`).join(' and ');
    const takes = names.length === 0 ? 'takes no arguments' : `takes ${known}, each with a value`;
    throw new UsageError(`this command ${takes}`, { cause });
  }
}
