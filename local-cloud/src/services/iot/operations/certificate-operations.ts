import type {
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
  RegisterCertificateWithoutCARequest,
  RegisterCertificateWithoutCAResponse,
  UpdateCertificateRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
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
        certificates: found.map(({ id, status, mode, creationDate }) => ({
          certificateArn: state.arn('cert', id),
          certificateId: id,
          status,
          certificateMode: mode,
          creationDate: new Date(creationDate),
        })),
        nextMarker: page.nextToken,
      };
    }),
  ];
}

function descriptionOf(service: IotService, certificate: CertificateRecord): CertificateDescription {
  return {
    certificateArn: resource(service, 'cert', certificate.id),
    certificateId: certificate.id,
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
