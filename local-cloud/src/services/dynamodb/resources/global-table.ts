import { NotImplementedError } from '../../../core/errors.ts';
import type { ResourceProvider } from '../../../core/resources.ts';
import type { Json } from '../engine.ts';
import type { TableLifecycle } from '../table-lifecycle.ts';
import type { Tables } from '../tables.ts';
import type { TimeToLive } from '../time-to-live.ts';
import { createTableProvider } from './table.ts';

const REPLICA_PROPERTIES = [
  'Region',
  'DeletionProtectionEnabled',
  'PointInTimeRecoverySpecification',
  'TableClass',
  'Tags',
];

/**
 * CloudFormation template reference, "AWS::DynamoDB::GlobalTable", with the one replica of this region: what the CDK's
 * `TableV2` makes. Provisioned capacity comes with auto scaling there and is refused.
 */
export function createGlobalTableProvider(
  tables: Tables,
  lifecycle: TableLifecycle,
  timeToLive: TimeToLive,
): ResourceProvider<Json> {
  const table = createTableProvider(tables, lifecycle, timeToLive);
  const asTable = (properties: Json): Json => {
    const { Replicas: replicas, BillingMode: billing, ...rest } = properties;
    const list = (replicas ?? []) as Json[];
    const [replica] = list;
    const { region } = tables.context.account;
    if (list.length !== 1 || replica?.Region !== region) {
      throw new NotImplementedError(`Replicas other than one in ${region}`);
    }
    const unknown = Object.keys(replica).find((name) => !REPLICA_PROPERTIES.includes(name));
    if (unknown !== undefined) throw new NotImplementedError(`Replicas ${unknown}`);
    if (billing !== 'PAY_PER_REQUEST')
      throw new NotImplementedError(`BillingMode '${billing ?? 'PROVISIONED'}' of a global table`);
    const { Region: _region, ...settings } = replica;
    return { ...rest, BillingMode: billing, ...settings };
  };
  return {
    type: 'AWS::DynamoDB::GlobalTable',
    replaceOn: table.replaceOn,
    properties: [
      'TableName',
      'KeySchema',
      'AttributeDefinitions',
      'BillingMode',
      'GlobalSecondaryIndexes',
      'LocalSecondaryIndexes',
      'SSESpecification',
      'TimeToLiveSpecification',
      'Replicas',
    ],
    create: async (properties, scope) => table.create(asTable(properties), scope),
    update: async (properties, previous, state, scope) =>
      table.update(asTable(properties), asTable(previous), state, scope),
    delete: async (state, properties, scope) => table.delete(state, properties, scope),
  };
}
