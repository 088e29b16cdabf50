import { z } from 'zod';
import type { ActionWork } from './action-work.ts';
import { type Attribute, toAttribute } from './dynamodb-attribute.ts';
import { readParameters, roleArnSchema } from './parameters.ts';
import type { ActionKind } from './rule-action.ts';

const keyType = z.enum(['STRING', 'NUMBER']).default('STRING');

const schema = z.strictObject({
  roleArn: roleArnSchema,
  tableName: z.string().min(1),
  hashKeyField: z.string().min(1),
  hashKeyValue: z.string().min(1),
  hashKeyType: keyType,
  rangeKeyField: z.string().min(1).optional(),
  rangeKeyValue: z.string().min(1).optional(),
  rangeKeyType: keyType,
  payloadField: z.string().min(1).default('payload'),
  operation: z.string().default('INSERT'),
});

/** "DynamoDB": the output in one attribute, beside the keys. Payloads that are no JSON become binary. */
export const dynamoDbAction: ActionKind = {
  kind: 'dynamoDB',
  compile(parameters, site) {
    const definition = readParameters(schema, parameters, site);
    const { roleArn, rangeKeyField, rangeKeyValue } = definition;
    if (definition.operation !== 'INSERT') {
      throw site.refuse('operation', `'${definition.operation}' is not built in the local cloud: only INSERT is`);
    }
    if ((rangeKeyField === undefined) !== (rangeKeyValue === undefined)) {
      throw site.refuse('rangeKeyValue', 'must come together with rangeKeyField');
    }
    const table = site.template('tableName', definition.tableName);
    const payload = site.template('payloadField', definition.payloadField);
    const keys = [
      {
        name: site.template('hashKeyField', definition.hashKeyField),
        value: site.template('hashKeyValue', definition.hashKeyValue),
        type: definition.hashKeyType,
      },
    ];
    if (rangeKeyField !== undefined && rangeKeyValue !== undefined) {
      keys.push({
        name: site.template('rangeKeyField', rangeKeyField),
        value: site.template('rangeKeyValue', rangeKeyValue),
        type: definition.rangeKeyType,
      });
    }

    const keyText = (work: ActionWork, index: number): string => {
      const key = keys[index];
      const prefix = index === 0 ? 'Hash' : 'Range';
      const [name, value] = key === undefined ? ['None', 'None'] : [work.render(key.name), work.render(key.value)];
      return `${prefix}KeyField: ${name}, ${prefix}KeyValue: ${value}`;
    };

    return {
      failedAction: 'DynamoAction',
      readsOutput: true,
      roleArn,
      complaint: 'Dynamo Insert record failed.',
      async run(work) {
        const item: Record<string, Attribute> = {};
        for (const key of keys) {
          const text = work.render(key.value);
          item[work.render(key.name)] = key.type === 'NUMBER' ? { N: text } : { S: text };
        }
        if (work.output !== undefined) item[work.render(payload)] = toAttribute(work.output);
        await site.api.call(site.role(roleArn), 'dynamodb', 'PutItem', { TableName: work.render(table), Item: item });
      },
      resource: (work) => work.render(table),
      describe: (work) => `Action: dynamo, Table: ${work.render(table)}, ${keyText(work, 0)}, ${keyText(work, 1)}`,
    };
  },
};
