import { deviceTypeGroupName, type PlatformNames, siteGroupName } from '@fleetwright/contracts';
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { IotServiceRole } from '../service-role/iot-service-role.ts';

/**
 * What the provisioning service does in our name: AWS's managed policy AWSIoTThingsRegistration cut down to the
 * things, the group, the types and the policies of this stage.
 */
export function provisioningRole(
  scope: Construct,
  id: string,
  names: PlatformNames,
  sites: readonly string[],
  deviceTypes: readonly string[],
): IotServiceRole {
  const role = new IotServiceRole(scope, id, { description: 'Fleet provisioning: registers devices of this stage' });
  grantRegistration(role, names, sites, deviceTypes);
  return role;
}

/** Lets a role register devices of the stage. @returns what it may touch, so that more can be granted of it */
export function grantRegistration(
  role: Role,
  names: PlatformNames,
  sites: readonly string[],
  deviceTypes: readonly string[],
): { readonly certificates: string; readonly things: readonly string[] } {
  const stack = Stack.of(role);
  const iot = (resource: string, resourceName: string) =>
    stack.formatArn({ service: 'iot', resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
  const things = deviceTypes.map((deviceType) => iot('thing', names.thingName(deviceType, '*')));
  const groups = [
    names.thingGroup,
    ...sites.map((site) => siteGroupName(names.topicRoot, site)),
    ...deviceTypes.map((deviceType) => deviceTypeGroupName(names.topicRoot, deviceType)),
  ].map((name) => iot('thinggroup', name));
  const certificates = iot('cert', '*');

  role.addToPrincipalPolicy(
    new PolicyStatement({
      sid: 'RegisterThings',
      actions: [
        'iot:CreateThing',
        'iot:DescribeThing',
        'iot:ListThingGroupsForThing',
        'iot:ListThingPrincipals',
        'iot:UpdateThing',
      ],
      resources: things,
    }),
  );
  role.addToPrincipalPolicy(
    new PolicyStatement({ sid: 'JoinGroup', actions: ['iot:AddThingToThingGroup'], resources: [...things, ...groups] }),
  );
  role.addToPrincipalPolicy(
    new PolicyStatement({
      sid: 'ReadRegistry',
      actions: ['iot:DescribeThingGroup', 'iot:DescribeThingType', 'iot:GetPolicy'],
      resources: [
        ...groups,
        ...deviceTypes.map((deviceType) => iot('thingtype', names.thingType(deviceType))),
        iot('policy', names.devicePolicy),
        iot('policy', names.deviceServicesPolicy),
      ],
    }),
  );
  role.addToPrincipalPolicy(
    new PolicyStatement({
      sid: 'ActivateCertificate',
      actions: ['iot:AttachPolicy', 'iot:DescribeCertificate', 'iot:ListAttachedPolicies', 'iot:UpdateCertificate'],
      resources: [certificates],
    }),
  );
  role.addToPrincipalPolicy(
    new PolicyStatement({
      sid: 'AttachPrincipal',
      actions: [
        'iot:AttachPrincipalPolicy',
        'iot:AttachThingPrincipal',
        'iot:ListPrincipalThings',
        'iot:RegisterThing',
      ],
      resources: ['*'],
    }),
  );
  for (const thing of things) {
    acknowledgeWildcard(
      role,
      thing,
      'The last part of a thing name is the serial number, known when a device registers.',
    );
  }
  acknowledgeWildcard(role, certificates, 'AWS IoT draws the id of a certificate when it signs it.');
  acknowledgeWildcard(
    role,
    '*',
    'AttachPrincipalPolicy, AttachThingPrincipal, ListPrincipalThings and RegisterThing have no resource types ' +
      '(service authorization reference, AWS IoT).',
  );
  return { certificates, things };
}
