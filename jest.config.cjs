/** Levels: unit tests need nothing; `int` talks to real backing services; `e2e` drives the running system. */
const preset = require('./jest.preset.cjs');
const withServices = { globalSetup: '<rootDir>/tools/backing/jest-setup.mjs' };

module.exports = {
  projects: [
    { ...preset, displayName: 'unit', testMatch: ['**/*.spec.ts'], testPathIgnorePatterns: ['\\.(int|e2e|long)\\.spec\\.ts$'] },
    { ...preset, displayName: 'int', testMatch: ['**/*.int.spec.ts'] },
    { ...preset, displayName: 'e2e', testMatch: ['**/*.e2e.spec.ts'] },
  ],
};
