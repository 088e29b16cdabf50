import * as schemas from '@aws-sdk/client-iam';
import type { Operation } from '../../core/api.ts';
import type { Timer } from '../../core/clock.ts';
import { PermissionUse } from '../../core/iam/permission-use.ts';
import { PolicyAuthorizer } from '../../core/iam/policy-authorizer.ts';
import type { PluginFactory } from '../../core/plugin.ts';
import type { Store } from '../../core/store.ts';
import { CredentialStore } from './credential-store.ts';
import { ManagedPolicyStore } from './managed-policy-store.ts';
import { managedPolicyOperations } from './operations/managed-policies.ts';
import { rolePolicyOperations } from './operations/role-policies.ts';
import { roleOperations } from './operations/roles.ts';
import { simulatePrincipalPolicy } from './operations/simulate-principal-policy.ts';
import { reportRole } from './permission-report.ts';
import type { RoleRecord } from './records.ts';
import { managedPolicyProvider } from './resources/managed-policy.ts';
import { policyProvider } from './resources/policy.ts';
import { roleProvider } from './resources/role.ts';
import { RoleStore } from './role-store.ts';

/** How often sessions that ended long ago are forgotten. ms */
const SESSION_SWEEP = 3_600_000;

/** Where a user of this machine reads what roles are granted and what they have used. */
export const PERMISSIONS_PATH = '/_fleetwright/permissions';

/** Identity and access management. Provides the ports `authorizer` and `credentials`. */
export const createIamPlugin: PluginFactory = (context) => {
  const { account, clock, meter, log } = context;
  const policies = new ManagedPolicyStore(context);
  const roles = new RoleStore(context, policies);
  const use = new PermissionUse();
  const authorizer = new PolicyAuthorizer({ account, clock, meter, log, roles, use });
  const credentials = new CredentialStore(context, roles);
  context.ports.provide('authorizer', authorizer);
  context.ports.provide('credentials', credentials);
  let sweep: Timer | undefined;
  const reportOf = ({ arn, attached, inline, roleName }: RoleRecord) => {
    const documents = [...Object.values(inline), ...attached.map((policy) => policies.get(policy).document)];
    return reportRole(roleName, documents, use.of(arn));
  };

  return {
    name: 'iam',
    apis: [
      {
        service: 'iam',
        signingName: 'iam',
        protocol: 'awsQuery',
        schemas,
        operations: [
          ...roleOperations(account, roles),
          ...rolePolicyOperations(account, roles),
          ...managedPolicyOperations(roles, policies),
          simulatePrincipalPolicy(roles, authorizer),
        ].map((operation) => durable(operation, context.store)),
      },
    ],
    resources: [roleProvider(roles), policyProvider(roles), managedPolicyProvider(roles, policies)],
    async start() {
      credentials.administrator();
      credentials.forgetEnded();
      context.ports.find('frontDoor')?.route(PERMISSIONS_PATH, async () => ({
        statusCode: 200,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify({ roles: roles.list().map((role) => reportOf(role)) })),
      }));
      sweep = clock.every(SESSION_SWEEP, () => credentials.forgetEnded());
      await context.store.durable();
    },
    async stop() {
      sweep?.cancel();
    },
  };
};

/** What an answered call changed survives a crash. Reads find nothing to wait for. */
function durable(operation: Operation, store: Store): Operation {
  return {
    ...operation,
    async handle(input, call) {
      const output = await operation.handle(input, call);
      await store.durable();
      return output;
    },
  };
}
