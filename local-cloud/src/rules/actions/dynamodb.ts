import { z } from 'zod';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import type { Template } from '../sql/template.ts';
import type { ActionWork } from './action-work.ts';
import { type Attribute, toAttribute } from './dynamodb-attribute.ts';
import { readParameters, roleArnSchema } from './parameters.ts';
import type { ActionKind } from './rule-action.ts';

const KEY_TYPES = ['STRING', 'NUMBER'];

/** Of keys and operation, too, templates are taken. */
const keyType = z.string().min(1).default('STRING');

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
    const operation = site.template('operation', definition.operation);
    if (operation.fixed && definition.operation !== 'INSERT') {
      throw site.refuse('operation', `'${definition.operation}' is not built in the local cloud: only INSERT is`);
    }
    const typeTemplate = (field: 'hashKeyType' | 'rangeKeyType'): Template => {
      const template = site.template(field, definition[field]);
      if (!template.fixed || KEY_TYPES.includes(definition[field])) return template;
      throw site.refuse(field, `'${definition[field]}' must be one of ${KEY_TYPES.join(', ')}`);
    };
    if ((rangeKeyField === undefined) !== (rangeKeyValue === undefined)) {
      throw site.refuse('rangeKeyValue', 'must come together with rangeKeyField');
    }
    const table = site.template('tableName', definition.tableName);
    const payload = site.template('payloadField', definition.payloadField);
    const keys = [
      {
        name: site.template('hashKeyField', definition.hashKeyField),
        value: site.template('hashKeyValue', definition.hashKeyValue),
        type: typeTemplate('hashKeyType'),
      },
    ];
    if (rangeKeyField !== undefined && rangeKeyValue !== undefined) {
      keys.push({
        name: site.template('rangeKeyField', rangeKeyField),
        value: site.template('rangeKeyValue', rangeKeyValue),
        type: typeTemplate('rangeKeyType'),
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
        const does = work.render(operation);
        if (does !== 'INSERT') throw new NotImplementedError(`operation '${does}' of a DynamoDB action`);
        const item: Record<string, Attribute> = {};
        for (const key of keys)
          item[work.render(key.name)] = keyAttribute(work.render(key.type), work.render(key.value));
        if (work.output !== undefined) item[work.render(payload)] = toAttribute(work.output);
        await site.api.call(site.role(roleArn), 'dynamodb', 'PutItem', { TableName: work.render(table), Item: item });
      },
      resource: (work) => work.render(table),
      describe: (work) => `Action: dynamo, Table: ${work.render(table)}, ${keyText(work, 0)}, ${keyText(work, 1)}`,
    };
  },
};

function keyAttribute(type: string, text: string): Attribute {
  if (type === 'NUMBER') return { N: text };
  if (type === 'STRING') return { S: text };
  throw new AwsError('ValidationException', `The type '${type}' of a key must be one of ${KEY_TYPES.join(', ')}`);
}
