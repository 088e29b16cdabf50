import {
  type DeviceConfiguration,
  deviceTypeGroupName,
  type PlatformNames,
  type ProvisioningParameters,
  siteGroupName,
} from '@fleetwright/contracts';

type ParameterName = keyof ProvisioningParameters;

const ref = (name: ParameterName | 'AWS::IoT::Certificate::Id') => ({ Ref: name });

/**
 * Body of the fleet provisioning template (IoT developer guide, "Provisioning templates").
 * A device that registers again, after a factory reset, keeps its thing and gets the attributes of its new registration.
 */
export function provisioningTemplateBody(names: PlatformNames, basicIngestChannels: readonly string[]): object {
  const prefix = names.thingName('', '').slice(0, -2);
  return {
    Parameters: {
      SerialNumber: { Type: 'String' },
      Site: { Type: 'String' },
      DeviceType: { Type: 'String' },
      'AWS::IoT::Certificate::Id': { Type: 'String' },
    },
    Resources: {
      thing: {
        Type: 'AWS::IoT::Thing',
        Properties: {
          ThingName: { 'Fn::Join': ['-', [prefix, ref('DeviceType'), ref('SerialNumber')]] },
          ThingTypeName: { 'Fn::Join': ['-', [prefix, ref('DeviceType')]] },
          ThingGroups: [
            names.thingGroup,
            { 'Fn::Join': ['', [siteGroupName(names.topicRoot, ''), ref('Site')]] },
            { 'Fn::Join': ['', [deviceTypeGroupName(names.topicRoot, ''), ref('DeviceType')]] },
          ],
          AttributePayload: {
            serialNumber: ref('SerialNumber'),
            site: ref('Site'),
            deviceType: ref('DeviceType'),
            // It becomes active when it first connects.
            state: 'provisioning',
          },
        },
        OverrideSettings: { AttributePayload: 'MERGE', ThingTypeName: 'REPLACE', ThingGroups: 'DO_NOTHING' },
      },
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateId: ref('AWS::IoT::Certificate::Id'), Status: 'ACTIVE' },
        OverrideSettings: { Status: 'REPLACE' },
      },
      policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: names.devicePolicy } },
      servicesPolicy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: names.deviceServicesPolicy } },
    },
    DeviceConfiguration: deviceConfiguration(names, basicIngestChannels),
  };
}

/** What the device receives as `deviceConfiguration`: one flat object (the section takes no nested ones). */
function deviceConfiguration(
  names: PlatformNames,
  basicIngestChannels: readonly string[],
): Record<keyof DeviceConfiguration, unknown> {
  return {
    topicRoot: names.topicRoot,
    site: ref('Site'),
    deviceType: ref('DeviceType'),
    telemetryRule: names.ruleName('telemetry'),
    eventRule: names.ruleName('event'),
    basicIngestChannels: basicIngestChannels.join(','),
  };
}
