import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { report } from '@latchkey/testing';
import { OPENAPI_FILE } from './harness/openapi';
import { startSystem, type System } from './harness/system';
import { PYTHON_MS_MAX, pythonInterpreter } from './oauth-clients/client-program';

const SECONDS = 600;
/** It ends a request that it has begun. */
const MS_MAX = (SECONDS + 120) * 1_000;

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];

describe('schemathesis', () => {
  let system: System;
  let python: string;
  let folder: string;
  beforeAll(async () => {
    python = await pythonInterpreter('schemathesis');
    folder = await mkdtemp(path.join(tmpdir(), 'latchkey-schemathesis-'));
    system = await startSystem('standalone', { profile: 's4e' });
  }, PYTHON_MS_MAX + 180_000);
  afterAll(async () => {
    await system?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  /** Its exit code, and what it wrote. It leaves files where it runs. */
  const run = (): Promise<{ code: unknown; output: string }> =>
    new Promise((resolve) => {
      const args = [
        ...['-m', 'schemathesis.cli', 'run', OPENAPI_FILE, '--url', system.url, '--no-color', '--warnings', 'off'],
        ...['--header', `Authorization: Bearer ${system.adminKey}`, '--suppress-health-check', 'all'],
        ...['--phases', 'coverage,fuzzing', '--checks', CHECKS.join(','), '--max-time', String(SECONDS)],
        // It would end the key that all calls are made with.
        ...['--continue-on-failure', '--exclude-operation-id', 'Me.revoke'],
      ];
      const options = { cwd: folder, timeout: MS_MAX, maxBuffer: 2 ** 26, env: { PATH: process.env['PATH'] } };
      execFile(python, args, options, (error, output) => resolve({ code: error?.code ?? 0, output }));
    });

  it(
    `finds in ${SECONDS / 60} minutes no 5xx, and nothing that the document does not say`,
    async () => {
      const { code, output } = await run();
      const summary = output.slice(output.indexOf('= SUMMARY ='));
      report(`### Schemathesis, ${SECONDS} s\n\n\`\`\`text\n${summary.trim()}\n\`\`\``);
      expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    },
    MS_MAX + 10_000,
  );
});
