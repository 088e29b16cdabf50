import type { PlatformNames } from '@fleetwright/contracts';
import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { grantFindDataPlane } from '../service-role/find-data-plane.ts';

export interface QuarantineGrants {
  readonly names: PlatformNames;
  readonly groupArn: string;
  readonly records: Table;
  readonly queue: IQueue;
  /** Findings are read and their certificates followed only then. */
  readonly automatic: boolean;
}

/** What the quarantine function may do: to things and connections of this stage, and to any certificate. */
export function grantQuarantine(role: Role, { names, groupArn, records, queue, automatic }: QuarantineGrants): void {
  const iot = (resource: string, resourceName: string): string =>
    Stack.of(role).formatArn({ service: 'iot', resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
  const things = iot('thing', `${names.topicRoot}-*`);
  const clients = iot('client', `${names.topicRoot}-*`);
  const certificates = iot('cert', '*');
  const allow = (sid: string, actions: string[], resources: string[]): void => {
    role.addToPrincipalPolicy(new PolicyStatement({ sid, actions, resources }));
  };
  allow('ReadThings', ['iot:DescribeThing', 'iot:ListThingGroupsForThing', 'iot:ListThingPrincipals'], [things]);
  allow('MoveThings', ['iot:AddThingToThingGroup', 'iot:RemoveThingFromThingGroup'], [things, groupArn]);
  allow('EndConnections', ['iot:DeleteConnection', 'iot:GetConnection'], [clients]);
  grantFindDataPlane(role);
  allow('SwitchCertificates', ['iot:DescribeCertificate', 'iot:UpdateCertificate'], [certificates]);
  allow('KeepRecords', ['dynamodb:GetItem', 'dynamodb:PutItem'], [records.tableArn]);
  allow(
    'ServeQueue',
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:SendMessage'],
    [queue.queueArn],
  );
  if (automatic) {
    allow('CountPlaces', ['dynamodb:UpdateItem'], [records.tableArn]);
    allow('ReadFindings', ['iot:ListAuditFindings', 'iot:ListPrincipalThings'], ['*']);
    acknowledgeWildcard(
      role,
      '*',
      'ListAuditFindings and ListPrincipalThings have no resource types (service authorization reference, AWS IoT).',
    );
  }
  for (const resource of [things, clients]) {
    acknowledgeWildcard(role, resource, 'The rest of a thing name is its type and serial number.');
  }
  acknowledgeWildcard(role, certificates, 'AWS IoT draws the id of a certificate when it signs it.');
}
