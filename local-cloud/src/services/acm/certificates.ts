import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import type { KeyAlgorithm } from '@aws-sdk/client-acm';
import { arn, parseArn } from '../../core/account.ts';
import { uuid } from '../../core/entropy.ts';
import { AwsError } from '../../core/errors.ts';
import type { ImportedCertificate, ImportedCertificates } from '../../core/imported-certificates.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { SealingKey } from '../../core/sealing-key.ts';
import type { Collection } from '../../core/store.ts';
import { factsOf, type ReadCertificate } from './certificate-reader.ts';

export interface CertificateTag {
  readonly Key: string;
  readonly Value?: string;
}

/** Times in ms since the epoch. */
export interface CertificateRecord {
  readonly arn: string;
  readonly certificatePem: string;
  readonly chainPem?: string;
  readonly keyAlgorithm: KeyAlgorithm;
  /** Base64 of the PKCS #8 private key, sealed for the certificate's ARN. */
  readonly sealedKey: string;
  readonly createdAt: number;
  readonly importedAt: number;
  readonly tags: readonly CertificateTag[];
}

/** Certificates imported into ACM. Private keys are kept sealed, and leave only to services of the cloud. */
export class Certificates implements ImportedCertificates {
  readonly context: CloudContext;
  readonly #sealing: SealingKey;
  readonly #records: Collection<CertificateRecord>;
  readonly #users: ((certificateArn: string) => readonly string[])[] = [];

  constructor(context: CloudContext) {
    this.context = context;
    this.#records = context.store.collection('acm/certificates');
    this.#sealing = SealingKey.open(
      join(context.dataDirectory, 'acm', 'private-keys.key'),
      context.entropy,
      this.#records.size > 0,
    );
  }

  all(): CertificateRecord[] {
    return [...this.#records.values()];
  }

  /** @throws AwsError InvalidArnException, ResourceNotFoundException */
  require(certificateArn: string | undefined): CertificateRecord {
    const parsed = parseArn(certificateArn ?? '');
    if (parsed?.service !== 'acm' || !parsed.resource.startsWith('certificate/')) {
      throw new AwsError('InvalidArnException', `The ARN '${certificateArn}' is not of a certificate`);
    }
    const found = this.#records.get(certificateArn ?? '');
    if (found !== undefined) return found;
    const { accountId } = this.context.account;
    throw new AwsError(
      'ResourceNotFoundException',
      `Could not find certificate ${certificateArn} in account ${accountId}.`,
    );
  }

  /** Adds a certificate, or takes the place of `previous` under its ARN. */
  put(read: ReadCertificate, tags: readonly CertificateTag[], previous?: CertificateRecord): CertificateRecord {
    const { account, clock, entropy } = this.context;
    const now = clock.now();
    const certificateArn = previous?.arn ?? arn(account, 'acm', `certificate/${uuid(entropy)}`);
    const record: CertificateRecord = {
      arn: certificateArn,
      certificatePem: read.certificatePem,
      ...(read.chainPem === undefined ? {} : { chainPem: read.chainPem }),
      keyAlgorithm: read.keyAlgorithm,
      sealedKey: this.#sealing.seal(read.privateKey, certificateArn),
      createdAt: previous?.createdAt ?? now,
      importedAt: now,
      tags,
    };
    this.#records.put(record.arn, record);
    return record;
  }

  setTags(record: CertificateRecord, tags: readonly CertificateTag[]): void {
    this.#records.put(record.arn, { ...record, tags });
  }

  remove(record: CertificateRecord): void {
    this.#records.delete(record.arn);
  }

  usersOf(record: CertificateRecord): string[] {
    return this.#users.flatMap((usersOf) => usersOf(record.arn));
  }

  onUse(usersOf: (certificateArn: string) => readonly string[]): void {
    this.#users.push(usersOf);
  }

  find(certificateArn: string): ImportedCertificate | undefined {
    const record = this.#records.get(certificateArn);
    if (record === undefined) return undefined;
    const { notBefore, notAfter } = factsOf(record.certificatePem);
    const key = this.#sealing.open(record.sealedKey, record.arn);
    return {
      arn: record.arn,
      certificatePem: record.certificatePem,
      privateKey: createPrivateKey({ key, format: 'der', type: 'pkcs8' }),
      notBefore,
      notAfter,
    };
  }
}
