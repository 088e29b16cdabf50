import type {
  CACertificateDescription,
  DeleteCACertificateRequest,
  DescribeCACertificateRequest,
  DescribeCACertificateResponse,
  GetRegistrationCodeResponse,
  ListCACertificatesRequest,
  ListCACertificatesResponse,
  ListCertificatesByCARequest,
  ListCertificatesByCAResponse,
  RegisterCACertificateRequest,
  RegisterCACertificateResponse,
  UpdateCACertificateRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { anywhere, changing, type IotService, reading, resource } from '../iot-service.ts';
import { pageOf } from '../registry/paging.ts';
import type { CaCertificateRecord, CertificateRecord } from '../registry/records.ts';
import { nameInCreationOrder } from '../registry/table.ts';
import { checkPageSize, readTags } from '../registry/validation.ts';
import { certificateSummary } from './certificate-operations.ts';
import { passingRole } from './passing-role.ts';

export function caCertificateOperations(service: IotService): Operation[] {
  const { caCertificates, state, tags } = service.registry;
  const caArn = (input: { certificateId: string | undefined }) => resource(service, 'cacert', input.certificateId);
  const roleOf = (input: { registrationConfig?: { roleArn?: string | undefined } | undefined }) =>
    input.registrationConfig?.roleArn;
  return [
    changing<object, GetRegistrationCodeResponse>(service, 'GetRegistrationCode', anywhere, () => ({
      registrationCode: caCertificates.registrationCode(),
    })),
    changing<object, object>(service, 'DeleteRegistrationCode', anywhere, () => {
      caCertificates.deleteRegistrationCode();
      return {};
    }),
    passingRole(
      changing<RegisterCACertificateRequest, RegisterCACertificateResponse>(
        service,
        'RegisterCACertificate',
        anywhere,
        (input) => {
          readTags(input.tags);
          const { id } = caCertificates.register(input);
          const certificateArn = state.arn('cacert', id);
          tags.add(certificateArn, input.tags);
          return { certificateArn, certificateId: id };
        },
      ),
      roleOf,
    ),
    reading<DescribeCACertificateRequest, DescribeCACertificateResponse>('DescribeCACertificate', caArn, (input) => {
      const record = caCertificates.get(input.certificateId);
      return {
        certificateDescription: descriptionOf(service, record),
        ...(record.registrationConfig === undefined ? {} : { registrationConfig: { ...record.registrationConfig } }),
      };
    }),
    passingRole(
      changing<UpdateCACertificateRequest, object>(service, 'UpdateCACertificate', caArn, (input) => {
        caCertificates.update(input);
        return {};
      }),
      roleOf,
    ),
    changing<DeleteCACertificateRequest, object>(service, 'DeleteCACertificate', caArn, (input) => {
      caCertificates.delete(input.certificateId);
      return {};
    }),
    reading<ListCACertificatesRequest, ListCACertificatesResponse>('ListCACertificates', anywhere, (input) => {
      checkPageSize('pageSize', input.pageSize);
      const recordOf = (key: string) => state.caCertificates.get(nameInCreationOrder(key)) as CaCertificateRecord;
      const page = pageOf(
        state.caCertificates.sortedKeys(),
        { token: input.marker, size: input.pageSize, descending: input.ascendingOrder !== true },
        (key) => input.templateName === undefined || templateOf(recordOf(key)) === input.templateName,
      );
      return {
        certificates: page.keys.map(recordOf).map(({ id, status, creationDate }) => ({
          certificateArn: state.arn('cacert', id),
          certificateId: id,
          status,
          creationDate: new Date(creationDate),
        })),
        nextMarker: page.nextToken,
      };
    }),
    reading<ListCertificatesByCARequest, ListCertificatesByCAResponse>('ListCertificatesByCA', anywhere, (input) => {
      checkPageSize('pageSize', input.pageSize);
      const { id } = caCertificates.get(input.caCertificateId);
      const recordOf = (key: string) => state.certificates.get(nameInCreationOrder(key)) as CertificateRecord;
      const page = pageOf(
        state.certificates.sortedKeys(),
        { token: input.marker, size: input.pageSize, descending: input.ascendingOrder !== true },
        (key) => recordOf(key).caCertificateId === id,
      );
      return {
        certificates: page.keys.map((key) => certificateSummary(service, recordOf(key))),
        nextMarker: page.nextToken,
      };
    }),
  ];
}

function templateOf({ registrationConfig: config }: CaCertificateRecord): string | undefined {
  return config !== undefined && 'templateName' in config ? config.templateName : undefined;
}

function descriptionOf(service: IotService, record: CaCertificateRecord): CACertificateDescription {
  return {
    certificateArn: resource(service, 'cacert', record.id),
    certificateId: record.id,
    status: record.status,
    certificatePem: record.pem,
    ownedBy: service.context.account.accountId,
    creationDate: new Date(record.creationDate),
    autoRegistrationStatus: record.autoRegistration ? 'ENABLE' : 'DISABLE',
    lastModifiedDate: new Date(record.lastModifiedDate),
    customerVersion: record.customerVersion,
    generationId: record.generationId,
    validity: { notBefore: new Date(record.notBefore), notAfter: new Date(record.notAfter) },
    certificateMode: record.mode,
  };
}
