import type { SigningPlatform } from '@aws-sdk/client-signer';
import { NotImplementedError } from '../../core/errors.ts';
import { notFound } from './errors.ts';

export interface Platform {
  readonly platformId: string;
  readonly displayName: string;
  readonly partner: string;
  readonly format: 'JSONDetached' | 'JSONEmbedded';
  readonly maxSizeInMB: number;
}

/**
 * Platforms that sign with ECDSA P-256 over SHA-256 by a certificate of ACM, as AWS lists them (AWS CLI command reference,
 * `signer list-signing-platforms`, example).
 */
const PLATFORMS: readonly Platform[] = [
  {
    platformId: 'AWSIoTDeviceManagement-SHA256-ECDSA',
    displayName: 'AWS IoT Device Management SHA256-ECDSA ',
    partner: 'AWSIoTDeviceManagement',
    format: 'JSONDetached',
    maxSizeInMB: 2048,
  },
  {
    platformId: 'AmazonFreeRTOS-Default',
    displayName: 'Amazon FreeRTOS SHA256-ECDSA',
    partner: 'AmazonFreeRTOS',
    format: 'JSONEmbedded',
    maxSizeInMB: 16,
  },
];

/** Their signatures need keys that AWS holds, or a format that is documented nowhere. */
const UNBUILT = ['AWSLambda-SHA384-ECDSA', 'Notation-OCI-SHA384-ECDSA', 'AmazonFreeRTOS-TI-CC3220SF'];

export function platforms(): readonly Platform[] {
  return PLATFORMS;
}

/** @throws AwsError ResourceNotFoundException; NotImplementedError for platforms that AWS has and this cloud has not */
export function requirePlatform(id: string | undefined): Platform {
  const found = PLATFORMS.find(({ platformId }) => platformId === id);
  if (found !== undefined) return found;
  if (UNBUILT.includes(id ?? '')) throw new NotImplementedError(`the signing platform ${id}`);
  throw notFound(`Signing platform ${id} not found.`);
}

export function platformView(platform: Platform): SigningPlatform {
  const { platformId, displayName, partner, format, maxSizeInMB } = platform;
  return {
    platformId,
    displayName,
    partner,
    target: 'SHA256-ECDSA',
    category: 'AWSIoT',
    signingConfiguration: {
      encryptionAlgorithmOptions: { allowedValues: ['ECDSA'], defaultValue: 'ECDSA' },
      hashAlgorithmOptions: { allowedValues: ['SHA256'], defaultValue: 'SHA256' },
    },
    signingImageFormat: { supportedFormats: [format], defaultFormat: format },
    maxSizeInMB,
    revocationSupported: false,
  };
}
