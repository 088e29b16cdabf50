import type { PlatformNames } from '@fleetwright/contracts';
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';

/** Where a function reads what devices sent, on Timestream. */
export function telemetryPlace(names: PlatformNames): Record<string, string> {
  return {
    DATABASE_NAME: names.database,
    TELEMETRY_TABLE: names.telemetryTable,
    HEALTH_TABLE: names.healthTable,
  };
}

/** Allows reading tables by their names, so that the stack of the reader does not hold on to an export of the store's. */
export function grantTelemetryRead(role: Role, names: PlatformNames, tables: readonly string[]): void {
  const stack = Stack.of(role);
  role.addToPrincipalPolicy(
    new PolicyStatement({
      sid: 'ReadTelemetry',
      actions: ['timestream:Select'],
      resources: tables.map((table) =>
        stack.formatArn({
          service: 'timestream',
          resource: 'database',
          resourceName: `${names.database}/table/${table}`,
        }),
      ),
    }),
  );
  role.addToPrincipalPolicy(
    new PolicyStatement({ sid: 'FindEndpoint', actions: ['timestream:DescribeEndpoints'], resources: ['*'] }),
  );
  acknowledgeWildcard(
    role,
    '*',
    'DescribeEndpoints has no resource types (service authorization reference, Timestream).',
  );
}
