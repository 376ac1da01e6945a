import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const frameworks = ['@nestjs/*', '@nestjs/**', 'typeorm', 'ioredis', 'kafkajs', 'fastify', '@grpc/*', 'pg', 'pino'];
const node = ['node:*'];
/** A layer of a context may not look up: domain ◀ application ◀ {adapters, surfaces, projections} ◀ module. */
const layers = (...names) =>
  names.flatMap((name) => [`../${name}/*`, `../${name}/**`, `../../${name}/**`, `**/${name}/**`]);
const restrict = (message, group) => ({
  'no-restricted-imports': ['error', { patterns: [{ group, message }] }],
});

const pure = 'Pure code: time, ids and randomness arrive as arguments; no framework, no node:*.';
/** Also what every file outside tests must not import. */
const testing = { group: ['@latchkey/testing'], message: 'Only tests import the testing library.' };

const dependsOn = (sourceTag, ...onlyDependOnLibsWithTags) => ({ sourceTag, onlyDependOnLibsWithTags });
const contexts = ['identity', 'issuance', 'oauth', 'enforcement', 'audit'];
const infra = ['type:kernel', 'type:contracts', 'type:pure', 'type:infra', 'type:testing'];

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'node_modules/**',
      '.nx/**',
      '.latchkey/**',
      '.cache/**',
      'coverage/**',
      '**/*.cjs',
      'apps/console/**',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          allow: [],
          depConstraints: [
            dependsOn('type:kernel', 'type:kernel'),
            dependsOn('type:contracts', 'type:kernel'),
            dependsOn('type:pure', 'type:kernel', 'type:contracts', 'type:testing'),
            dependsOn('type:testing', 'type:kernel'),
            dependsOn('type:infra', ...infra),
            dependsOn('type:platform', 'type:kernel', 'type:contracts', 'type:pure', 'type:testing'),
            dependsOn('type:package', 'type:kernel', 'type:contracts', 'type:pure', 'type:platform', 'type:testing'),
            dependsOn('type:example', 'type:kernel', 'type:contracts', 'type:pure', 'type:platform', 'type:package'),
            dependsOn('type:context', ...infra, 'type:platform', 'type:package', 'type:context'),
            dependsOn('type:app', '*'),
            dependsOn('type:tool', '*'),
            // Contexts never import each other: they meet in contracts.
            ...contexts.map((context) => ({
              sourceTag: `context:${context}`,
              notDependOnLibsWithTags: contexts.filter((other) => other !== context).map((other) => `context:${other}`),
            })),
          ],
        },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only: one name for one thing everywhere.' },
      ],
      'max-lines': ['error', { max: 320, skipBlankLines: true, skipComments: true }],
      'no-restricted-imports': ['error', { patterns: [testing] }],
    },
  },
  {
    files: ['libs/access/**/*.ts', 'libs/*/domain/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: restrict(pure, [...frameworks, ...node, ...layers('application', 'adapters', 'surfaces', 'projections')]),
  },
  {
    files: ['libs/*/application/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: restrict('Application code knows ports only.', [
      ...frameworks,
      ...node,
      ...layers('adapters', 'surfaces', 'projections'),
    ]),
  },
  {
    files: ['libs/*/adapters/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: restrict('Adapters do not know surfaces.', ['@latchkey/testing', ...layers('surfaces')]),
  },
  {
    files: ['libs/*/surfaces/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: restrict('Surfaces translate; storage is behind the application.', [
      '@latchkey/testing',
      'typeorm',
      'ioredis',
      'kafkajs',
      'pg',
      ...layers('adapters', 'projections'),
    ]),
  },
  {
    files: ['libs/*/projections/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: restrict(pure, [...frameworks, ...node, '@latchkey/testing', ...layers('adapters', 'surfaces')]),
  },
  {
    files: ['libs/event-store/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/*.contract.ts'],
    rules: restrict('The event store knows neither bus nor live state: they are given to it.', [
      '@latchkey/event-bus',
      '@latchkey/live-state',
      '@latchkey/testing',
    ]),
  },
  {
    files: ['**/*.spec.ts', '**/*.contract.ts', 'libs/testing/**/*.ts', 'e2e/**/*.ts', '**/testing/**/*.ts'],
    rules: {
      'no-restricted-imports': 'off',
      'max-lines': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
