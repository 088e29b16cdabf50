import * as schemas from '@aws-sdk/client-cloudformation';
import type { PluginFactory } from '../../core/plugin.ts';
import { changeOperations } from './operations/change-stack.ts';
import { describeOperations } from './operations/describe-stacks.ts';

/**
 * CloudFormation, as far as its stacks are looked at and deleted. They come into being by an assembly that the local
 * cloud is started with; operations that make or change one answer 501.
 */
export const createCloudformationPlugin: PluginFactory = (context) => ({
  name: 'cloudformation',
  apis: [
    {
      service: 'cloudformation',
      signingName: 'cloudformation',
      protocol: 'awsQuery',
      schemas,
      operations: [...describeOperations(context), ...changeOperations(context)],
    },
  ],
});
