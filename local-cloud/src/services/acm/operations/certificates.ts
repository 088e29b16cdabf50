import type {
  DeleteCertificateRequest,
  DescribeCertificateRequest,
  DescribeCertificateResponse,
  ExportCertificateRequest,
  Filters,
  GetCertificateRequest,
  GetCertificateResponse,
  ImportCertificateRequest,
  ImportCertificateResponse,
  ListCertificatesRequest,
  ListCertificatesResponse,
} from '@aws-sdk/client-acm';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import { readCertificate } from '../certificate-reader.ts';
import { certificateDetail, certificateSummary } from '../certificate-views.ts';
import type { Certificates } from '../certificates.ts';
import { DEFAULT_LISTED, MAX_LISTED } from '../limits.ts';
import { certificatePermission, tagConditions } from '../permissions.ts';
import { withTags } from '../tags.ts';

/** ACM API reference: each operation's own page. */
export function createCertificateOperations(certificates: Certificates): Operation[] {
  const { clock, store } = certificates.context;

  const importing: Operation<ImportCertificateRequest, ImportCertificateResponse> = {
    name: 'ImportCertificate',
    authorize: (input) => [
      certificatePermission(certificates, 'ImportCertificate', input.CertificateArn, tagConditions(input.Tags)),
    ],
    async handle(input) {
      const previous = input.CertificateArn === undefined ? undefined : certificates.require(input.CertificateArn);
      if (previous !== undefined && (input.Tags ?? []).length > 0) {
        throw new AwsError('ValidationException', 'Tagging is not permitted on re-import.');
      }
      const tags = previous?.tags ?? withTags([], input.Tags ?? []);
      const read = readCertificate(input, clock.now());
      if (previous !== undefined && previous.keyAlgorithm !== read.keyAlgorithm) {
        throw new AwsError(
          'ValidationException',
          'The key type of the new certificate is not that of the certificate it replaces.',
        );
      }
      const record = certificates.put(read, tags, previous);
      await store.durable();
      return { CertificateArn: record.arn };
    },
  };

  const describe: Operation<DescribeCertificateRequest, DescribeCertificateResponse> = {
    name: 'DescribeCertificate',
    authorize: (input) => [certificatePermission(certificates, 'DescribeCertificate', input.CertificateArn)],
    handle(input) {
      const record = certificates.require(input.CertificateArn);
      return { Certificate: certificateDetail(record, certificates.usersOf(record), clock.now()) };
    },
  };

  const get: Operation<GetCertificateRequest, GetCertificateResponse> = {
    name: 'GetCertificate',
    authorize: (input) => [certificatePermission(certificates, 'GetCertificate', input.CertificateArn)],
    handle(input) {
      const { certificatePem, chainPem } = certificates.require(input.CertificateArn);
      return { Certificate: certificatePem, ...(chainPem === undefined ? {} : { CertificateChain: chainPem }) };
    },
  };

  const list: Operation<ListCertificatesRequest, ListCertificatesResponse> = {
    name: 'ListCertificates',
    authorize: () => [{ action: 'acm:ListCertificates', resource: '*' }],
    handle(input) {
      new ConstraintViolations().range('maxItems', input.MaxItems, 1, MAX_LISTED).throwIfAny();
      if (input.SortBy !== undefined || input.SortOrder !== undefined) throw new NotImplementedError('SortBy');
      if (input.CertificateKeyPairOrigins !== undefined) throw new NotImplementedError('CertificateKeyPairOrigins');
      const includes = keyTypesAnd(input.Includes);
      const found = certificates
        .all()
        .map((record) => certificateSummary(record, certificates.usersOf(record), clock.now()))
        .filter(
          (one) =>
            (input.CertificateStatuses === undefined || input.CertificateStatuses.includes(one.Status as never)) &&
            includes(one),
        );
      const start = startOf(input.NextToken);
      const end = start + (input.MaxItems ?? DEFAULT_LISTED);
      return {
        CertificateSummaryList: found.slice(start, end),
        ...(end < found.length ? { NextToken: Buffer.from(String(end)).toString('base64url') } : {}),
      };
    },
  };

  const remove: Operation<DeleteCertificateRequest, object> = {
    name: 'DeleteCertificate',
    authorize: (input) => [certificatePermission(certificates, 'DeleteCertificate', input.CertificateArn)],
    async handle(input) {
      const record = certificates.require(input.CertificateArn);
      if (certificates.usersOf(record).length > 0) {
        throw new AwsError('ResourceInUseException', `Certificate ${record.arn} is in use.`);
      }
      certificates.remove(record);
      await store.durable();
      return {};
    },
  };

  // "Exports a private certificate issued by a private certificate authority (CA) or public certificate": no imported one.
  const exporting: Operation<ExportCertificateRequest, never> = {
    name: 'ExportCertificate',
    authorize: (input) => [certificatePermission(certificates, 'ExportCertificate', input.CertificateArn)],
    handle(input) {
      const record = certificates.require(input.CertificateArn);
      throw new AwsError('ValidationException', `Certificate ARN: ${record.arn} is not a private certificate`);
    },
  };

  return [importing, describe, get, list, remove, exporting];
}

type Summary = ReturnType<typeof certificateSummary>;

/** "By default, ListCertificates returns RSA_1024 and RSA_2048 certificates": others must be asked for by keyTypes. */
function keyTypesAnd(filters: Filters = {}): (one: Summary) => boolean {
  const { keyTypes = ['RSA_1024', 'RSA_2048'], keyUsage, extendedKeyUsage, ...others } = filters;
  const unbuilt = Object.entries(others).find(([, value]) => value !== undefined);
  if (unbuilt !== undefined) throw new NotImplementedError(`Includes.${unbuilt[0]}`);
  return (one) =>
    keyTypes.includes(one.KeyAlgorithm as never) &&
    (keyUsage === undefined || keyUsage.some((usage) => one.KeyUsages?.includes(usage))) &&
    (extendedKeyUsage === undefined || extendedKeyUsage.some((usage) => one.ExtendedKeyUsages?.includes(usage)));
}

function startOf(token: string | undefined): number {
  const start = token === undefined ? 0 : Number(Buffer.from(token, 'base64url').toString());
  if (!Number.isInteger(start) || start < 0) throw new AwsError('ValidationException', 'Invalid NextToken.');
  return start;
}
