import type { KeySpec, KeyUsageType } from '@aws-sdk/client-kms';
import type { PolicyDocument } from '../../core/iam/policy-document.ts';

export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion';

/** One generation of a key. Only symmetric encryption keys ever get a second. Times in ms since the epoch. */
export interface KeyMaterial {
  /** 64 hexadecimal digits: `KeyMaterialId`. */
  readonly id: string;
  /** Base64: the secret bytes of symmetric and HMAC keys, PKCS #8 of key pairs, sealed for the key's ARN. */
  readonly sealed: string;
  /** Absent for the first. */
  readonly rotation?: { readonly at: number; readonly type: 'AUTOMATIC' | 'ON_DEMAND' };
}

export interface KeyTag {
  readonly TagKey: string;
  readonly TagValue: string;
}

export interface KeyRecord {
  /** UUID */
  readonly id: string;
  readonly arn: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsageType;
  readonly created: number;
  description: string;
  state: KeyState;
  deletion?: { readonly at: number; readonly days: number };
  /** As it was given. */
  policyText: string;
  policy: PolicyDocument;
  tags: KeyTag[];
  /** Oldest first; the last one encrypts. */
  materials: KeyMaterial[];
  /** Base64 of the DER SubjectPublicKeyInfo of key pairs. */
  readonly publicKey?: string;
  rotation?: { readonly periodDays: number; next: number };
}

export interface AliasRecord {
  /** `alias/…` */
  readonly name: string;
  readonly arn: string;
  keyId: string;
  readonly created: number;
  updated: number;
}
