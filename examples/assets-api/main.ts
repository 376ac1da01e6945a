import 'reflect-metadata';
import { runService } from '@latchkey/platform';
import { createAssetsApi, NAME } from './create-assets-api';

void runService(NAME, () => createAssetsApi(process.env));
