import type { PlatformNames } from '@fleetwright/contracts';
import type { RemovalPolicy } from 'aws-cdk-lib';
import { CfnCACertificate } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import type { DeviceRegistry } from '../device-registry/device-registry.ts';
import { provisioningRole } from '../fleet-provisioning/provisioning-role.ts';
import { type DevicePlace, jitpTemplateBody } from './jitp-template.ts';
import type { JustInTimeRegistration } from './just-in-time-registration.ts';

export interface CustomerCaProps {
  readonly names: PlatformNames;
  readonly registry: DeviceRegistry;
  /** Of the authority, in names: lower-case letters and digits. */
  readonly authority: string;
  /** PEM of the CA's certificate. */
  readonly certificatePem: string;
  /**
   * PEM of a certificate that the CA has signed for the account's registration code. With it AWS IoT takes certificates
   * of the CA from clients that name no server, and the CA can be registered in this account and region alone. Without
   * it the CA is registered for clients that name a server (`SNI_ONLY`), as ours do, and nobody proves to hold its key.
   */
  readonly verificationPem?: string;
  readonly place: DevicePlace;
  /**
   * What becomes of a certificate of the CA that AWS IoT sees for the first time: its device is provisioned by a template,
   * registered by a function that looks at the list, or the certificate is not taken.
   */
  readonly onboarding: 'provision' | JustInTimeRegistration | 'none';
  readonly removalPolicy: RemovalPolicy;
}

/**
 * A CA of the customer's whose certificates devices bring from the factory. CloudFormation registers it whole, so there is
 * no function behind it. It is made after what its devices join.
 */
export class CustomerCa extends Construct {
  readonly certificate: CfnCACertificate;

  constructor(scope: Construct, id: string, props: CustomerCaProps) {
    super(scope, id);
    const { names, onboarding, place, verificationPem } = props;
    const role =
      onboarding === 'provision' ? provisioningRole(this, 'Role', names, [place.site], [place.deviceType]) : undefined;
    this.certificate = new CfnCACertificate(this, 'Certificate', {
      caCertificatePem: props.certificatePem,
      certificateMode: verificationPem === undefined ? 'SNI_ONLY' : 'DEFAULT',
      ...(verificationPem !== undefined && { verificationCertificatePem: verificationPem }),
      status: 'ACTIVE',
      autoRegistrationStatus: onboarding === 'none' ? 'DISABLE' : 'ENABLE',
      ...(role !== undefined && {
        registrationConfig: { roleArn: role.roleArn, templateBody: JSON.stringify(jitpTemplateBody(names, place)) },
      }),
    });
    this.certificate.applyRemovalPolicy(props.removalPolicy);
    this.certificate.node.addDependency(props.registry, ...(role === undefined ? [] : [role]));
    if (typeof onboarding === 'object') onboarding.follow(props.authority, this.certificate.ref, place);
  }
}
