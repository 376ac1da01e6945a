import { Secret } from '@latchkey/kernel';
import { toDataURL } from 'qrcode';
import type { QrCodes } from '../application/mfa-ports';

export class QrDataUris implements QrCodes {
  async dataUri(text: Secret): Promise<Secret> {
    return new Secret(await toDataURL(text.reveal(), { errorCorrectionLevel: 'M' }));
  }
}
