import type { CertificateStatus } from '@aws-sdk/client-iot';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { invalidRequest } from '../errors.ts';
import type { IotService } from '../iot-service.ts';
import type { CertificateRecord } from '../registry/records.ts';
import { durableProvider } from './durable-provider.ts';

interface CertificateProperties {
  CACertificatePem?: string;
  CertificateMode?: string;
  CertificatePem?: string;
  CertificateSigningRequest?: string;
  Status: CertificateStatus;
}

/**
 * AWS::IoT::Certificate, from a CSR, from a certificate of a registered CA or, in mode SNI_ONLY, from a certificate
 * without one.
 */
export function certificateResource(service: IotService): ResourceProvider<CertificateProperties> {
  const { authority, registry } = service;
  const { certificates, state } = registry;
  const stateOf = (id: string): ResourceState => ({
    physicalId: id,
    attributes: { Arn: state.arn('cert', id), Id: id },
  });

  async function make(properties: CertificateProperties): Promise<CertificateRecord> {
    const { CertificateSigningRequest: csr, CertificatePem: pem, CertificateMode: mode, Status: status } = properties;
    if ((csr === undefined) === (pem === undefined)) {
      throw invalidRequest('A certificate needs either CertificateSigningRequest or CertificatePem');
    }
    if (pem !== undefined) {
      const { CACertificatePem: caPem } = properties;
      if (mode !== 'SNI_ONLY') return certificates.registerSigned(pem, caPem, status);
      if (caPem !== undefined) throw invalidRequest('CACertificatePem cannot be given with CertificateMode SNI_ONLY');
      return certificates.registerForeign(pem, status);
    }
    if (mode === 'SNI_ONLY')
      throw invalidRequest('CertificateMode SNI_ONLY cannot be given with CertificateSigningRequest');
    if (properties.CACertificatePem !== undefined)
      throw invalidRequest('CACertificatePem cannot be given with CertificateSigningRequest');
    if (status !== 'ACTIVE' && status !== 'INACTIVE')
      throw invalidRequest(`A certificate cannot be created as ${status}`);
    return certificates.register((await authority.issueFromCsr(csr as string)).certificatePem, status);
  }

  return durableProvider(service, {
    type: 'AWS::IoT::Certificate',
    replaceOn: ['CACertificatePem', 'CertificateMode', 'CertificatePem', 'CertificateSigningRequest'],
    properties: ['CACertificatePem', 'CertificateMode', 'CertificatePem', 'CertificateSigningRequest', 'Status'],
    async create(properties) {
      return stateOf((await make(properties)).id);
    },
    async update(properties, _previous, { physicalId: id }) {
      certificates.update(id, properties.Status);
      return stateOf(id);
    },
    async delete({ physicalId: id }) {
      if (certificates.get(id).status === 'ACTIVE') certificates.update(id, 'INACTIVE');
      certificates.delete(id, false);
    },
  });
}
