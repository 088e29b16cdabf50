import { campaignPrefix, type PlatformNames, PRESENCE_SHADOW } from '@fleetwright/contracts';
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { grantFindDataPlane } from '../service-role/find-data-plane.ts';

export interface CampaignGrants {
  readonly names: PlatformNames;
  readonly deviceTypes: readonly string[];
  readonly urlRole: Role;
}

const FROM_REGISTRY = 'A thing name ends with the serial number, known when a device registers.';

/** What the campaign function may do: make jobs and groups of campaigns, for things of this stage, and read of them. */
export function grantCampaigns(role: Role, { names, deviceTypes, urlRole }: CampaignGrants): void {
  const iot = (resource: string, resourceName: string): string =>
    Stack.of(role).formatArn({ service: 'iot', resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
  const own = (resource: string): string => iot(resource, `${campaignPrefix(names.topicRoot)}*`);
  const things = deviceTypes.map((deviceType) => iot('thing', names.thingName(deviceType, '*')));
  const shadows = things.flatMap((thing) => [`${thing}/firmware`, `${thing}/${PRESENCE_SHADOW}`]);
  const anyGroup = iot('thinggroup', '*');
  const certificates = iot('cert', '*');
  const allow = (sid: string, actions: string[], resources: string[], conditions?: Record<string, object>): void => {
    role.addToPrincipalPolicy(
      new PolicyStatement({ sid, actions, resources, ...(conditions !== undefined && { conditions }) }),
    );
  };
  allow('SearchThings', ['iot:ListThings'], ['*']);
  acknowledgeWildcard(role, '*', 'ListThings has no resource types (service authorization reference, AWS IoT).');
  allow('ReadThings', ['iot:ListThingPrincipals'], things);
  allow('ReadShadows', ['iot:GetThingShadow'], shadows);
  grantFindDataPlane(role);
  allow('ReadCertificates', ['iot:DescribeCertificate'], [certificates]);
  allow('ReadCanaries', ['iot:ListThingsInThingGroup'], [anyGroup]);
  allow('MakeGroups', ['iot:CreateThingGroup', 'iot:DeleteThingGroup'], [own('thinggroup')]);
  allow('FillGroups', ['iot:AddThingToThingGroup'], [own('thinggroup'), ...things]);
  allow('MakeTemplates', ['iot:CreateJobTemplate', 'iot:DeleteJobTemplate'], [own('jobtemplate')]);
  allow('MakeJobs', ['iot:CreateJob'], [own('job'), own('jobtemplate'), own('thinggroup')]);
  allow(
    'FollowJobs',
    ['iot:CancelJob', 'iot:DescribeJob', 'iot:GetJobDocument', 'iot:ListJobExecutionsForJob'],
    [own('job')],
  );
  allow('ReadExecutions', ['iot:DescribeJobExecution'], [own('job'), ...things]);
  allow('PassUrlRole', ['iam:PassRole'], [urlRole.roleArn], {
    StringEquals: { 'iam:PassedToService': 'iot.amazonaws.com' },
  });
  for (const resource of [...things, ...shadows]) acknowledgeWildcard(role, resource, FROM_REGISTRY);
  for (const kind of ['thinggroup', 'jobtemplate', 'job']) {
    acknowledgeWildcard(role, own(kind), 'The rest of the name is drawn for each campaign.');
  }
  acknowledgeWildcard(role, certificates, 'AWS IoT draws the id of a certificate when it signs it.');
  acknowledgeWildcard(role, anyGroup, 'An operator names the group of canaries, which is any of the account.');
}
