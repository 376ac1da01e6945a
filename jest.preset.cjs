const { compilerOptions } = require('./tsconfig.base.json');
const swcOptions = require('./tools/swc/options.cjs');

/** These packages are published as ES modules only; Jest runs CommonJS, so they are compiled too. */
const esmPackages = [
  '@nestjs',
  'uuid',
  'ipaddr.js',
  'jose',
  'otpauth',
  '@noble',
  'cookie',
  'file-type',
  'strtok3',
  'token-types',
  'uint8array-extras',
  '@tokenizer',
  '@borewit',
  'fast-check',
  '@seriousme',
  'pure-rand',
];

module.exports = {
  rootDir: __dirname,
  testEnvironment: 'node',
  testMatch: ['**/*.spec.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.latchkey/', '<rootDir>/.nx/'],
  moduleNameMapper: Object.fromEntries(
    Object.entries(compilerOptions.paths).map(([alias, [file]]) => [`^${alias}$`, `<rootDir>/${file}`]),
  ),
  transform: { '^.+\\.(ts|js|mjs)$': ['@swc/jest', swcOptions] },
  transformIgnorePatterns: [`/node_modules/(?!(${esmPackages.join('|')})/)`],
  setupFiles: ['reflect-metadata'],
  testTimeout: 30_000,
};
