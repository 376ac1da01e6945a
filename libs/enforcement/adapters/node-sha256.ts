import { hash } from 'node:crypto';
import type { Sha256 } from '../application/ports';

export const nodeSha256: Sha256 = (text) => hash('sha256', text, 'buffer');
