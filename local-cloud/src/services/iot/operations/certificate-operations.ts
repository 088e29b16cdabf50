import type {
  Certificate,
  CertificateDescription,
  CreateCertificateFromCsrRequest,
  CreateCertificateFromCsrResponse,
  CreateKeysAndCertificateRequest,
  CreateKeysAndCertificateResponse,
  DeleteCertificateRequest,
  DescribeCertificateRequest,
  DescribeCertificateResponse,
  ListCertificatesRequest,
  ListCertificatesResponse,
  RegisterCertificateRequest,
  RegisterCertificateResponse,
  RegisterCertificateWithoutCARequest,
  RegisterCertificateWithoutCAResponse,
  UpdateCertificateRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { invalidRequest } from '../errors.ts';
import { anywhere, changing, type IotService, reading, resource } from '../iot-service.ts';
import { MAX_CERTIFICATE_LENGTH, MAX_CSR_LENGTH } from '../limits.ts';
import { pageOf } from '../registry/paging.ts';
import type { CertificateRecord } from '../registry/records.ts';
import { nameInCreationOrder } from '../registry/table.ts';
import { checkPageSize, requireText } from '../registry/validation.ts';

export function certificateOperations(service: IotService): Operation[] {
  const { authority, registry } = service;
  const { certificates, state } = registry;
  const certificateArn = (input: { certificateId: string | undefined }) =>
    resource(service, 'cert', input.certificateId);
  return [
    changing<CreateCertificateFromCsrRequest, CreateCertificateFromCsrResponse>(
      service,
      'CreateCertificateFromCsr',
      anywhere,
      async (input) => {
        requireText('certificateSigningRequest', input.certificateSigningRequest, 1, MAX_CSR_LENGTH);
        const { certificatePem } = await authority.issueFromCsr(input.certificateSigningRequest);
        const { id } = certificates.register(certificatePem, input.setAsActive === true ? 'ACTIVE' : 'INACTIVE');
        return { certificateArn: state.arn('cert', id), certificateId: id, certificatePem };
      },
    ),
    changing<CreateKeysAndCertificateRequest, CreateKeysAndCertificateResponse>(
      service,
      'CreateKeysAndCertificate',
      anywhere,
      async (input) => {
        const { certificatePem, publicKeyPem, privateKeyPem } = await authority.issueWithKeys();
        const { id } = certificates.register(certificatePem, input.setAsActive === true ? 'ACTIVE' : 'INACTIVE');
        return {
          certificateArn: state.arn('cert', id),
          certificateId: id,
          certificatePem,
          keyPair: { PublicKey: publicKeyPem, PrivateKey: privateKeyPem },
        };
      },
    ),
    changing<RegisterCertificateRequest, RegisterCertificateResponse>(
      service,
      'RegisterCertificate',
      anywhere,
      (input) => {
        requireText('certificatePem', input.certificatePem, 1, MAX_CERTIFICATE_LENGTH);
        if (input.setAsActive !== undefined && input.status !== undefined) {
          throw invalidRequest('setAsActive cannot be given together with status');
        }
        const status = input.status ?? (input.setAsActive === true ? 'ACTIVE' : undefined);
        const { id } = certificates.registerSigned(input.certificatePem, input.caCertificatePem, status);
        return { certificateArn: state.arn('cert', id), certificateId: id };
      },
    ),
    changing<RegisterCertificateWithoutCARequest, RegisterCertificateWithoutCAResponse>(
      service,
      'RegisterCertificateWithoutCA',
      anywhere,
      (input) => {
        requireText('certificatePem', input.certificatePem, 1, MAX_CERTIFICATE_LENGTH);
        const { id } = certificates.registerForeign(input.certificatePem, input.status);
        return { certificateArn: state.arn('cert', id), certificateId: id };
      },
    ),
    reading<DescribeCertificateRequest, DescribeCertificateResponse>(
      'DescribeCertificate',
      certificateArn,
      (input) => ({
        certificateDescription: descriptionOf(service, certificates.get(input.certificateId)),
      }),
    ),
    changing<UpdateCertificateRequest, object>(service, 'UpdateCertificate', certificateArn, (input) => {
      certificates.update(input.certificateId, input.newStatus);
      return {};
    }),
    changing<DeleteCertificateRequest, object>(service, 'DeleteCertificate', certificateArn, (input) => {
      certificates.delete(input.certificateId, input.forceDelete === true);
      return {};
    }),
    reading<ListCertificatesRequest, ListCertificatesResponse>('ListCertificates', anywhere, (input) => {
      checkPageSize('pageSize', input.pageSize);
      const page = pageOf(state.certificates.sortedKeys(), {
        token: input.marker,
        size: input.pageSize,
        descending: input.ascendingOrder !== true,
      });
      const found = page.keys.map((key) => state.certificates.get(nameInCreationOrder(key)) as CertificateRecord);
      return {
        certificates: found.map((certificate) => certificateSummary(service, certificate)),
        nextMarker: page.nextToken,
      };
    }),
  ];
}

export function certificateSummary(
  service: IotService,
  { id, status, mode, creationDate }: CertificateRecord,
): Certificate {
  return {
    certificateArn: resource(service, 'cert', id),
    certificateId: id,
    status,
    certificateMode: mode,
    creationDate: new Date(creationDate),
  };
}

function descriptionOf(service: IotService, certificate: CertificateRecord): CertificateDescription {
  return {
    certificateArn: resource(service, 'cert', certificate.id),
    certificateId: certificate.id,
    ...(certificate.caCertificateId === undefined ? {} : { caCertificateId: certificate.caCertificateId }),
    status: certificate.status,
    certificatePem: certificate.pem,
    ownedBy: service.context.account.accountId,
    creationDate: new Date(certificate.creationDate),
    lastModifiedDate: new Date(certificate.lastModifiedDate),
    customerVersion: certificate.customerVersion,
    generationId: certificate.generationId,
    validity: { notBefore: new Date(certificate.notBefore), notAfter: new Date(certificate.notAfter) },
    certificateMode: certificate.mode,
  };
}
