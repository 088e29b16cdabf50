import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';

/** Allows a function to ask for the account's data-plane endpoint. */
export function grantFindDataPlane(role: Role): void {
  role.addToPrincipalPolicy(
    new PolicyStatement({ sid: 'FindDataPlane', actions: ['iot:DescribeEndpoint'], resources: ['*'] }),
  );
  acknowledgeWildcard(role, '*', 'DescribeEndpoint has no resource types (service authorization reference, AWS IoT).');
}
