import type { z } from 'zod';
import { variables } from './variables';

const cell = (text: string) => text.replaceAll('|', '\\|');

function presetOf(schema: z.ZodType): string {
  const result = schema.safeParse(undefined);
  if (!result.success) return '';
  return Array.isArray(result.data) ? '' : `\`${String(result.data)}\``;
}

/** The table of `docs/configuration.md`, from the schemas themselves. */
export function configurationTable(): string {
  const rows = Object.entries<z.ZodType>(variables).map(
    ([name, schema]) => `| \`${name}\` | ${presetOf(schema)} | ${cell(schema.description ?? '')} |`,
  );
  return ['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}
