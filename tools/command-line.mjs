// What a command is told. Uses Node's own modules only, as `--help` is answered before anything is installed or built.
import { parseArgs } from 'node:util';

const EXIT_USAGE = 2;

/**
 * Reads the command line of this process. `--help` shows `usage` and ends the process with 0; what the command does not take ends it with 2,
 * by its name.
 *
 * @param {{ usage: string, options?: import('node:util').ParseArgsConfig['options'], positionals?: { min?: number, max: number } }} command
 * `options`: besides `--help`. `positionals`: how many arguments that are no options; none when absent.
 */
export function commandLine({ usage, options = {}, positionals: { min = 0, max } = { max: 0 } }) {
  const parsed = understood(usage, {
    options: { ...options, help: { type: 'boolean', short: 'h', default: false } },
    allowPositionals: max > 0,
  });
  const { help, ...values } = parsed.values;
  if (help) {
    console.log(usage);
    process.exit(0);
  }
  if (parsed.positionals.length < min) refuse('An argument is missing', usage);
  if (parsed.positionals.length > max) refuse(`Unexpected argument '${parsed.positionals[max]}'`, usage);
  return { values, positionals: parsed.positionals };
}

function understood(usage, config) {
  try {
    return parseArgs(config);
  } catch (error) {
    const [sentence] = error.message.split('. '); // what follows is about a `--` that nobody meant
    return refuse(sentence, usage);
  }
}

/** Says what is wrong with the command line, and how it is meant. */
export function refuse(problem, usage) {
  console.error(`${problem.replace(/\.$/, '')}.\n\n${usage}`);
  process.exit(EXIT_USAGE);
}
