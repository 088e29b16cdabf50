// source: dynamodb-rule-action, dynamodb-v2-rule-action

import { createRulesPlugin } from '../../local-cloud/src/rules/index.ts';
import { publish, ROLE } from '../../local-cloud/src/rules/testing/rules-cloud.ts';
import { createDynamodbPlugin } from '../../local-cloud/src/services/dynamodb/plugin.ts';
import { ADMINISTRATOR, createTestCloud } from '../../local-cloud/src/testing/context.ts';

/** The DynamoDB actions against the DynamoDB of the local cloud. */
test('both DynamoDB actions write items that GetItem reads', async () => {
  const cloud = createTestCloud();
  const dynamodb = cloud.use(createDynamodbPlugin);
  cloud.use(createRulesPlugin);
  await dynamodb.start?.();
  const call = <O>(service: 'dynamodb' | 'iot', operation: string, input: object): Promise<O> =>
    cloud.api.call<O>(ADMINISTRATOR, service, operation, input);
  await call('dynamodb', 'CreateTable', {
    TableName: 'readings',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  });
  await call('iot', 'CreateTopicRule', {
    ruleName: 'store',
    topicRulePayload: {
      sql: "SELECT *, topic(2) AS id FROM 'site/+'",
      awsIotSqlVersion: '2016-03-23',
      actions: [
        { dynamoDBv2: { roleArn: ROLE, putItem: { tableName: 'readings' } } },
        {
          dynamoDB: {
            roleArn: ROLE,
            tableName: 'readings',
            hashKeyField: 'id',
            hashKeyValue: '$' + "{topic(2) + '-1'}",
          },
        },
      ],
    },
  });
  await cloud.ports.get('rules').accept(publish('site/north', { v: 1.5, on: true, list: [1, 'x', null] }));

  const read = async (id: string): Promise<unknown> => {
    for (let turn = 0; ; turn++) {
      const { Item } = await call<{ Item?: unknown }>('dynamodb', 'GetItem', {
        TableName: 'readings',
        Key: { id: { S: id } },
      });
      if (Item !== undefined || turn > 100) return Item;
    }
  };
  const attributes = {
    v: { N: '1.5' },
    on: { BOOL: true },
    list: { L: [{ N: '1' }, { S: 'x' }, { NULL: true }] },
    id: { S: 'north' },
  };
  expect(await read('north')).toEqual(attributes);
  expect(await read('north-1')).toEqual({ id: { S: 'north-1' }, payload: { M: attributes } });
  expect(cloud.asked.filter(({ action }) => action === 'dynamodb:PutItem')).toHaveLength(2);
  await cloud.close();
});
