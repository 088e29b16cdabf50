import { z } from 'zod';
import type { ServicePrincipal } from '../../core/iam/principal.ts';
import { readParameters } from './parameters.ts';
import type { ActionKind } from './rule-action.ts';

const schema = z.strictObject({ functionArn: z.string().min(1) });

/**
 * "Lambda": asynchronous, and allowed by the function's own policy alone, so the call is that of the service with the
 * rule as its source.
 */
export const lambdaAction: ActionKind = {
  kind: 'lambda',
  compile(parameters, site) {
    const { functionArn } = readParameters(schema, parameters, site);
    const target = site.template('functionArn', functionArn);
    const principal: ServicePrincipal = {
      kind: 'service',
      service: 'iot.amazonaws.com',
      sourceArn: site.ruleArn,
      sourceAccount: site.account.accountId,
    };
    return {
      failedAction: 'LambdaAction',
      readsOutput: false,
      roleArn: undefined,
      complaint: 'Failed to invoke lambda function.',
      async run(work) {
        await site.api.call(principal, 'lambda', 'Invoke', {
          FunctionName: work.render(target),
          InvocationType: 'Event',
          Payload: work.bytes,
        });
      },
      resource: (work) => work.render(target),
      describe: (work) => `Action: lambda, FunctionArn: ${work.render(target)}`,
    };
  },
};
