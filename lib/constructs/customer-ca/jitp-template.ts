import { deviceTypeGroupName, type PlatformNames, siteGroupName } from '@fleetwright/contracts';

export interface DevicePlace {
  readonly site: string;
  readonly deviceType: string;
}

const SERIAL_NUMBER = { Ref: 'AWS::IoT::Certificate::CommonName' };

/**
 * Body of a just-in-time provisioning template (IoT developer guide, "Just-in-time provisioning"): the common name of the
 * certificate is the serial number. AWS IoT asks nobody whether a device may register, so the CA alone decides where and
 * what its devices are.
 */
export function jitpTemplateBody(names: PlatformNames, { deviceType, site }: DevicePlace): object {
  return {
    Parameters: {
      'AWS::IoT::Certificate::CommonName': { Type: 'String' },
      'AWS::IoT::Certificate::Id': { Type: 'String' },
    },
    Resources: {
      thing: {
        Type: 'AWS::IoT::Thing',
        Properties: {
          ThingName: { 'Fn::Join': ['', [names.thingName(deviceType, ''), SERIAL_NUMBER]] },
          ThingTypeName: names.thingType(deviceType),
          ThingGroups: [
            names.thingGroup,
            siteGroupName(names.topicRoot, site),
            deviceTypeGroupName(names.topicRoot, deviceType),
          ],
          AttributePayload: { serialNumber: SERIAL_NUMBER, site, deviceType, state: 'provisioning' },
        },
        // A thing that is there already, because of an attempt that was cut off, stays as it is.
        OverrideSettings: { AttributePayload: 'DO_NOTHING', ThingTypeName: 'DO_NOTHING', ThingGroups: 'DO_NOTHING' },
      },
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'ACTIVE' },
        OverrideSettings: { Status: 'REPLACE' },
      },
      policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: names.devicePolicy } },
      servicesPolicy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: names.deviceServicesPolicy } },
    },
  };
}
