/**
 * Levels: unit tests need nothing; `int` talks to real backing services; `e2e` drives the running system; `long` takes minutes.
 * `fault` is `int` for tests that stop or kill a service of their own: their timing wants the machine for itself.
 */
const preset = require('./jest.preset.cjs');
const withServices = {
  ...preset,
  globalSetup: '<rootDir>/tools/backing/jest-setup.mjs',
  globalTeardown: '<rootDir>/tools/backing/jest-teardown.mjs',
};

module.exports = {
  testTimeout: 30_000,
  projects: [
    {
      ...preset,
      displayName: 'unit',
      testMatch: ['**/*.spec.ts'],
      testPathIgnorePatterns: ['\\.(int|fault|e2e|long)\\.spec\\.ts$', '/node_modules/'],
    },
    { ...withServices, displayName: 'int', testMatch: ['**/*.int.spec.ts'] },
    { ...withServices, displayName: 'fault', testMatch: ['**/*.fault.spec.ts'] },
    { ...withServices, displayName: 'e2e', testMatch: ['**/*.e2e.spec.ts'] },
    { ...withServices, displayName: 'long', testMatch: ['**/*.long.spec.ts'] },
  ],
};
