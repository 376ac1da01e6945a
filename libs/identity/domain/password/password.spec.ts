import { passwordProblem, preparedPassword } from './password';

const common = new Set(['password', 'letmein', 'correct', 'summer', '1qaz2wsx3edc', '123456', 'aaaaaa']);
const problemOf = (password: string, words: readonly string[] = ['alice.smith', 'latchkey']) =>
  passwordProblem(preparedPassword(password), { words, isCommon: (text) => common.has(text) });

describe('a password', () => {
  it.each([
    'correct horse battery staple',
    'zwölf Buchstaben',
    '密码密码密码密码密码密码',
    '🔑🔒🚪🏠🌳🌊🌋🌵🌻🍄🐝🦉',
    'Xk7#pQ9!vR2m',
    'x'.repeat(1_024),
  ])('may be %j', (password) => expect(problemOf(password)).toBeNull());

  it.each([
    ['elf Zeichen', 'too_short'],
    ['🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑', 'too_short'],
    ['x'.repeat(1_025), 'too_long'],
    ['twelve\u0000letters', 'control_characters'],
    ['twelve\ud800letters', 'control_characters'],
    ['1qaz2wsx3edc', 'common'],
    ['1QAZ2WSX3EDC', 'common'],
    ['1qaz2wsx3edc!!', 'common'],
    ['Password2026!', 'common'],
    ['!!!!Summer1999', 'common'],
    ['passwordletmein', 'common'],
    ['123456123456', 'common'],
    ['aaaaaaaaaaaa', 'common'],
    ['alice.smith2026', 'about_account'],
    ['Alice.Smith-Latchkey', 'about_account'],
  ])('is not %j: %s', (password, problem) => expect(problemOf(password)).toBe(problem));

  it('may hold a word of the account among enough others, and words of two letters count for nothing', () => {
    expect(problemOf('alice.smith likes long walks')).toBeNull();
    expect(problemOf('xoxoxoxoxoxoz', ['xo'])).toBeNull();
  });

  it('is the same however a keyboard writes its letters and spaces, and not in another case', () => {
    expect(preparedPassword('zwo\u0308lf\u00a0Buchstaben')).toBe(preparedPassword('zwölf Buchstaben'));
    expect(preparedPassword('Zwölf Buchstaben')).not.toBe(preparedPassword('zwölf Buchstaben'));
    expect(preparedPassword('ﬁnely chosen words')).not.toBe(preparedPassword('finely chosen words'));
  });

  it('is found common in no more steps than it has letters', () => {
    let asked = 0;
    passwordProblem('x'.repeat(1_024), { words: [], isCommon: () => ((asked += 1), false) });
    expect(asked).toBeLessThan(4_000);
  });
});
