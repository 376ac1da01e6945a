// Proves that the import directions are enforced: each piece of code below must be refused, by the rule named.
// A boundary rule that finds no project graph passes everything in silence; this is what would notice.
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const boundaries = '@nx/enforce-module-boundaries';
const imports = 'no-restricted-imports';

const canaries = [
  ['libs/issuance/index.ts', `import '@latchkey/identity';`, boundaries, 'a context imports another'],
  ['libs/kernel/index.ts', `import '@latchkey/contracts';`, boundaries, 'the kernel imports upwards'],
  ['libs/contracts/index.ts', `import '@latchkey/event-store';`, boundaries, 'contracts import an adapter'],
  ['libs/access/index.ts', `import '@latchkey/platform';`, boundaries, 'pure code imports the platform'],
  ['packages/guard/index.ts', `import '@latchkey/issuance';`, boundaries, 'a package imports a context'],
  ['libs/access/index.ts', `import 'node:crypto';`, imports, 'pure code imports node:*'],
  ['libs/issuance/domain/key/decide.ts', `import 'typeorm';`, imports, 'domain imports TypeORM'],
  ['libs/issuance/domain/key/decide.ts', `import '../../adapters/x';`, imports, 'domain imports an adapter'],
  [
    'libs/issuance/application/create-key.handler.ts',
    `import '../surfaces/x';`,
    imports,
    'application imports a surface',
  ],
  ['libs/issuance/application/create-key.handler.ts', `import '@nestjs/common';`, imports, 'application imports Nest'],
  ['libs/issuance/index.ts', `import '@latchkey/testing';`, imports, 'product code imports the testing library'],
];

// The canaries are not files, so there are no types for them; the rules at stake need none.
const eslint = new ESLint({ overrideConfig: tseslint.configs.disableTypeChecked });
const missed = [];
for (const [filePath, code, rule, what] of canaries) {
  const [result] = await eslint.lintText(`${code}\n`, { filePath });
  if (!result?.messages.some((message) => message.ruleId === rule)) {
    missed.push(
      `${what}: ${filePath} was not refused by ${rule} (${result?.messages.map((m) => m.message).join('; ')})`,
    );
  }
}
if (missed.length > 0) {
  console.error(missed.join('\n'));
  process.exit(1);
}
console.log(`lint canaries: all ${canaries.length} refused`);
