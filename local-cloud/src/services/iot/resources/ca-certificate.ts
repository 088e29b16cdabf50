import type { AutoRegistrationStatus, CertificateMode, Tag } from '@aws-sdk/client-iot';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { invalidRequest } from '../errors.ts';
import type { IotService } from '../iot-service.ts';
import { durableProvider } from './durable-provider.ts';
import { isTrue } from './template-boolean.ts';

interface CaCertificateProperties {
  AutoRegistrationStatus?: AutoRegistrationStatus;
  CACertificatePem: string;
  CertificateMode?: CertificateMode;
  RegistrationConfig?: { RoleArn?: string; TemplateBody?: string; TemplateName?: string };
  RemoveAutoRegistration?: boolean | string;
  Status: string;
  Tags?: Tag[];
  VerificationCertificatePem?: string;
}

/** AWS::IoT::CACertificate. It is deactivated before it is deleted. */
export function caCertificateResource(service: IotService): ResourceProvider<CaCertificateProperties> {
  const { caCertificates, state, tags } = service.registry;
  const stateOf = (id: string): ResourceState => ({
    physicalId: id,
    attributes: { Arn: state.arn('cacert', id), Id: id },
  });
  const configOf = ({ RegistrationConfig: config }: CaCertificateProperties) =>
    config === undefined
      ? undefined
      : { roleArn: config.RoleArn, templateBody: config.TemplateBody, templateName: config.TemplateName };
  return durableProvider(service, {
    type: 'AWS::IoT::CACertificate',
    replaceOn: ['CACertificatePem', 'CertificateMode', 'VerificationCertificatePem'],
    properties: [
      'AutoRegistrationStatus',
      'CACertificatePem',
      'CertificateMode',
      'RegistrationConfig',
      'RemoveAutoRegistration',
      'Status',
      'Tags',
      'VerificationCertificatePem',
    ],
    async create(properties) {
      const { Status: status, AutoRegistrationStatus: autoRegistration } = properties;
      if (status !== 'ACTIVE' && status !== 'INACTIVE') {
        throw invalidRequest(`A CA certificate cannot be registered as ${status}`);
      }
      const { id } = caCertificates.register({
        caCertificate: properties.CACertificatePem,
        verificationCertificate: properties.VerificationCertificatePem,
        certificateMode: properties.CertificateMode,
        setAsActive: status === 'ACTIVE',
        allowAutoRegistration: autoRegistration === 'ENABLE',
        registrationConfig: configOf(properties),
      });
      tags.replace(state.arn('cacert', id), properties.Tags);
      return stateOf(id);
    },
    async update(properties, _previous, { physicalId: id }) {
      const config = configOf(properties);
      caCertificates.update({
        certificateId: id,
        newStatus: properties.Status,
        newAutoRegistrationStatus: properties.AutoRegistrationStatus ?? 'DISABLE',
        registrationConfig: config,
        removeAutoRegistration: isTrue(properties.RemoveAutoRegistration) || config === undefined,
      });
      tags.replace(state.arn('cacert', id), properties.Tags);
      return stateOf(id);
    },
    async delete({ physicalId: id }) {
      if (caCertificates.get(id).status === 'ACTIVE') {
        caCertificates.update({ certificateId: id, newStatus: 'INACTIVE' });
      }
      caCertificates.delete(id);
    },
  });
}
