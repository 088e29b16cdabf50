import * as schemas from '@aws-sdk/client-iam';
import type { Operation } from '../../core/api.ts';
import type { Timer } from '../../core/clock.ts';
import { PolicyAuthorizer } from '../../core/iam/policy-authorizer.ts';
import type { PluginFactory } from '../../core/plugin.ts';
import type { Store } from '../../core/store.ts';
import { CredentialStore } from './credential-store.ts';
import { ManagedPolicyStore } from './managed-policy-store.ts';
import { managedPolicyOperations } from './operations/managed-policies.ts';
import { rolePolicyOperations } from './operations/role-policies.ts';
import { roleOperations } from './operations/roles.ts';
import { simulatePrincipalPolicy } from './operations/simulate-principal-policy.ts';
import { managedPolicyProvider } from './resources/managed-policy.ts';
import { policyProvider } from './resources/policy.ts';
import { roleProvider } from './resources/role.ts';
import { RoleStore } from './role-store.ts';

/** How often sessions that ended long ago are forgotten. ms */
const SESSION_SWEEP = 3_600_000;

/** Identity and access management. Provides the ports `authorizer` and `credentials`. */
export const createIamPlugin: PluginFactory = (context) => {
  const { account, clock, meter, log } = context;
  const policies = new ManagedPolicyStore(context);
  const roles = new RoleStore(context, policies);
  const authorizer = new PolicyAuthorizer({ account, clock, meter, log, roles });
  const credentials = new CredentialStore(context, roles);
  context.ports.provide('authorizer', authorizer);
  context.ports.provide('credentials', credentials);
  let sweep: Timer | undefined;

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
