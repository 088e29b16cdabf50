import * as schemas from '@aws-sdk/client-sfn';
import type { PluginFactory } from '../../core/plugin.ts';
import { Executions } from './executions.ts';
import { Machines } from './machines.ts';
import { executionOperations } from './operations/executions.ts';
import { machineOperations } from './operations/machines.ts';
import { stateMachineResource } from './resources/state-machine.ts';

/**
 * AWS Step Functions: state machines in JSONPath whose tasks are functions. JSONata, intrinsic functions, other
 * integrations, distributed maps, activities, versions and synchronous executions are refused by name.
 */
export const createSfnPlugin: PluginFactory = (context) => {
  const machines = new Machines(context);
  const executions = new Executions(context);
  return {
    name: 'sfn',
    apis: [
      {
        service: 'sfn',
        signingName: 'states',
        protocol: 'awsJson1_0',
        schemas,
        operations: [...machineOperations(machines), ...executionOperations(machines, executions)],
      },
    ],
    resources: [stateMachineResource(machines)],
    async start() {
      executions.resume();
    },
    async stop() {
      await executions.stop();
      await context.store.durable();
    },
  };
};
