import { z } from 'zod';
import { arn } from '../../core/account.ts';
import { uuid } from '../../core/entropy.ts';
import { AwsError } from '../../core/errors.ts';
import { readParameters, roleArnSchema } from './parameters.ts';
import type { ActionKind } from './rule-action.ts';

const schema = z.strictObject({
  roleArn: roleArnSchema,
  stateMachineName: z.string().min(1),
  executionNamePrefix: z.string().min(1).optional(),
});

/** "Step Functions": starts an execution, named by prefix and UUID, with the output as its input. */
export const stepFunctionsAction: ActionKind = {
  kind: 'stepFunctions',
  compile(parameters, site) {
    const { roleArn, stateMachineName, executionNamePrefix } = readParameters(schema, parameters, site);
    const machine = site.template('stateMachineName', stateMachineName);
    const prefix =
      executionNamePrefix === undefined ? undefined : site.template('executionNamePrefix', executionNamePrefix);
    return {
      failedAction: 'StepFunctionsAction',
      readsOutput: false,
      roleArn,
      complaint: 'Failed to start the execution of the state machine.',
      async run(work) {
        if (work.isRaw) throw new AwsError('InvalidExecutionInput', 'The output of the rule is no JSON');
        await site.api.call(site.role(roleArn), 'sfn', 'StartExecution', {
          stateMachineArn: arn(site.account, 'states', `stateMachine:${work.render(machine)}`),
          input: work.text,
          ...(prefix === undefined ? {} : { name: work.render(prefix) + uuid(site.entropy) }),
        });
      },
      resource: (work) => work.render(machine),
      describe: (work) => `Action: stepFunctions, StateMachine: ${work.render(machine)}`,
    };
  },
};
