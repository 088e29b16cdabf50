import { deviceTypeGroupName, type PlatformNames, siteGroupName } from '@fleetwright/contracts';
import { CustomResource, Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnCertificate } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { BundledFunction } from '../bundled-function/bundled-function.ts';
import type { DeviceRegistry } from '../device-registry/device-registry.ts';
import { grantRegistration } from '../fleet-provisioning/provisioning-role.ts';

export interface DeviceEnrollmentProps {
  readonly names: PlatformNames;
  readonly registry: DeviceRegistry;
  readonly sites: readonly string[];
  readonly deviceTypes: readonly string[];
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
}

export interface EnrolledDevice {
  readonly serialNumber: string;
  readonly site: string;
  readonly deviceType: string;
  /** PEM of a signing request, which AWS IoT signs, or of a certificate, which it takes without its CA. */
  readonly credential: { readonly csrPem: string } | { readonly certificatePem: string };
}

/**
 * Devices that are registered by hand: gateways, reference devices, test benches. Each is part of the stack, from its
 * certificate to its groups, and goes with it.
 */
export class DeviceEnrollment extends Construct {
  readonly #props: DeviceEnrollmentProps;
  readonly #maker: BundledFunction;

  constructor(scope: Construct, id: string, props: DeviceEnrollmentProps) {
    super(scope, id);
    this.#props = props;
    this.#maker = new BundledFunction(this, 'Maker', {
      ...props,
      name: 'enroll-device',
      description: 'Registers devices of the stack',
      environment: {},
      timeout: Duration.seconds(60),
      memoryMegabytes: 256,
    });
    const { role } = this.#maker;
    const { certificates, things } = grantRegistration(role, props.names, props.sites, props.deviceTypes);
    for (const [sid, actions, resources] of [
      ['TakeApart', ['iot:DetachPolicy'], [certificates]],
      ['DeleteThings', ['iot:DeleteThing'], things],
      ['DetachPrincipal', ['iot:DetachThingPrincipal'], ['*']],
    ] as const) {
      role.addToPrincipalPolicy(new PolicyStatement({ sid, actions: [...actions], resources: [...resources] }));
    }
    acknowledgeWildcard(
      role,
      '*',
      'DetachThingPrincipal has no resource types (service authorization reference, AWS IoT).',
    );
  }

  /** @returns the certificate; what AWS IoT has signed is read with `aws iot describe-certificate` */
  enroll({ credential, ...device }: EnrolledDevice): CfnCertificate {
    const { names, registry, removalPolicy } = this.#props;
    const certificate = new CfnCertificate(this, `Certificate-${device.serialNumber}`, {
      // Good for nothing until it is attached.
      status: 'ACTIVE',
      ...('csrPem' in credential
        ? { certificateSigningRequest: credential.csrPem }
        : { certificatePem: credential.certificatePem, certificateMode: 'SNI_ONLY' }),
    });
    certificate.applyRemovalPolicy(removalPolicy);
    const resource = new CustomResource(this, `Device-${device.serialNumber}`, {
      resourceType: 'Custom::EnrolledDevice',
      serviceToken: this.#maker.function.functionArn,
      serviceTimeout: Duration.minutes(5),
      removalPolicy,
      properties: {
        ThingName: names.thingName(device.deviceType, device.serialNumber),
        CertificateArn: certificate.attrArn,
        TemplateBody: JSON.stringify(enrollmentTemplateBody(names, device)),
      },
    });
    resource.node.addDependency(registry, this.#maker.role);
    return certificate;
  }
}

/** Body of a registration template (IoT developer guide, "Provisioning templates") whose one parameter is the certificate. */
export function enrollmentTemplateBody(
  names: PlatformNames,
  { deviceType, serialNumber, site }: Omit<EnrolledDevice, 'credential'>,
): object {
  return {
    Parameters: { CertificateId: { Type: 'String' } },
    Resources: {
      thing: {
        Type: 'AWS::IoT::Thing',
        Properties: {
          ThingName: names.thingName(deviceType, serialNumber),
          ThingTypeName: names.thingType(deviceType),
          ThingGroups: [
            names.thingGroup,
            siteGroupName(names.topicRoot, site),
            deviceTypeGroupName(names.topicRoot, deviceType),
          ],
          AttributePayload: { serialNumber, site, deviceType, state: 'provisioning' },
        },
        OverrideSettings: { AttributePayload: 'DO_NOTHING', ThingTypeName: 'DO_NOTHING', ThingGroups: 'DO_NOTHING' },
      },
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateId: { Ref: 'CertificateId' }, Status: 'ACTIVE' },
        OverrideSettings: { Status: 'DO_NOTHING' },
      },
      policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: names.devicePolicy } },
      servicesPolicy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: names.deviceServicesPolicy } },
    },
  };
}
