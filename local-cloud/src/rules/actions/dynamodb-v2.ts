import { z } from 'zod';
import { AwsError } from '../../core/errors.ts';
import { isObject } from '../values/value.ts';
import { toItem } from './dynamodb-attribute.ts';
import { readParameters, roleArnSchema } from './parameters.ts';
import type { ActionKind } from './rule-action.ts';

const schema = z.strictObject({
  roleArn: roleArnSchema,
  putItem: z.strictObject({ tableName: z.string().min(1) }),
});

/** "DynamoDBv2": each attribute of the output in a column of its own. */
export const dynamoDbV2Action: ActionKind = {
  kind: 'dynamoDBv2',
  compile(parameters, site) {
    const { roleArn, putItem } = readParameters(schema, parameters, site);
    const table = site.template('putItem.tableName', putItem.tableName);
    return {
      failedAction: 'DynamoDBv2Action',
      readsOutput: true,
      roleArn,
      complaint: 'Dynamo Insert record failed.',
      async run(work) {
        if (!isObject(work.output)) {
          throw new AwsError(
            'ValidationException',
            'The output of the rule is not an object whose attributes are columns',
          );
        }
        await site.api.call(site.role(roleArn), 'dynamodb', 'PutItem', {
          TableName: work.render(table),
          Item: toItem(work.output),
        });
      },
      resource: (work) => work.render(table),
      describe: (work) => `Action: dynamov2, Table: ${work.render(table)}`,
    };
  },
};
