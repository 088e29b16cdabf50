import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import type { Json } from '../engine.ts';
import { setRecovery } from '../operations/table-settings.ts';
import type { TableLifecycle } from '../table-lifecycle.ts';
import { isTrue, readRecovery, readTags } from '../table-settings.ts';
import type { Tables } from '../tables.ts';
import type { TimeToLive } from '../time-to-live.ts';

export const MAX_TABLE_NAME = 255;

/** CloudFormation template reference, "AWS::DynamoDB::Table". */
export function createTableProvider(
  tables: Tables,
  lifecycle: TableLifecycle,
  timeToLive: TimeToLive,
): ResourceProvider<Json> {
  return {
    type: 'AWS::DynamoDB::Table',
    replaceOn: ['TableName', 'KeySchema', 'LocalSecondaryIndexes'],
    properties: [
      'TableName',
      'KeySchema',
      'AttributeDefinitions',
      'BillingMode',
      'ProvisionedThroughput',
      'GlobalSecondaryIndexes',
      'LocalSecondaryIndexes',
      'SSESpecification',
      'PointInTimeRecoverySpecification',
      'TimeToLiveSpecification',
      'DeletionProtectionEnabled',
      'TableClass',
      'Tags',
    ],
    async create(properties, scope) {
      const name = typeof properties.TableName === 'string' ? properties.TableName : scope.generateName(MAX_TABLE_NAME);
      const { PointInTimeRecoverySpecification: recovery, TimeToLiveSpecification: _expiry, ...request } = properties;
      readRecovery(recovery);
      const { TableDescription: description } = await lifecycle.create(withNumbers({ ...request, TableName: name }));
      await applySettings(tables, timeToLive, name, properties);
      return stateOf(tables, name, description as Json);
    },
    async update(properties, previous, state) {
      const changed = (property: string) => JSON.stringify(properties[property]) !== JSON.stringify(previous[property]);
      const indexes = indexUpdate(properties, previous);
      if (indexes !== undefined) {
        await lifecycle.update(state.physicalId, withNumbers({ TableName: state.physicalId, ...indexes }));
      } else if (changed('AttributeDefinitions')) {
        throw new NotImplementedError(`a change of AttributeDefinitions alone of the table '${state.physicalId}'`);
      }
      const throughput = changed('BillingMode') || changed('ProvisionedThroughput');
      await lifecycle.update(
        state.physicalId,
        withNumbers({
          TableName: state.physicalId,
          DeletionProtectionEnabled: isTrue(properties.DeletionProtectionEnabled),
          SSESpecification: properties.SSESpecification ?? { SSEEnabled: false },
          TableClass: properties.TableClass,
          ...(throughput
            ? {
                BillingMode: properties.BillingMode ?? 'PROVISIONED',
                ...(properties.ProvisionedThroughput === undefined
                  ? {}
                  : { ProvisionedThroughput: properties.ProvisionedThroughput }),
              }
            : {}),
        }),
      );
      await applySettings(tables, timeToLive, state.physicalId, properties);
      return state;
    },
    async delete(state) {
      if (tables.find(state.physicalId) !== undefined) await lifecycle.delete(state.physicalId);
    },
  };
}

/**
 * What CloudFormation may do to the indexes of a table in one update: make one or remove one ("AWS::DynamoDB::Table",
 * GlobalSecondaryIndexes).
 */
function indexUpdate(properties: Json, previous: Json): Json | undefined {
  const named = (list: unknown) => new Map(((list ?? []) as Json[]).map((index) => [String(index.IndexName), index]));
  const wanted = named(properties.GlobalSecondaryIndexes);
  const present = named(previous.GlobalSecondaryIndexes);
  for (const [name, index] of wanted) {
    if (present.has(name) && JSON.stringify(index) !== JSON.stringify(present.get(name))) {
      throw new NotImplementedError(`a change of the global secondary index '${name}'`);
    }
  }
  const created = [...wanted.keys()].filter((name) => !present.has(name));
  const removed = [...present.keys()].filter((name) => !wanted.has(name));
  if (created.length + removed.length > 1) {
    throw new AwsError(
      'ValidationException',
      'Cannot perform more than one GSI creation or deletion in a single update',
    );
  }
  const [name] = created;
  if (name !== undefined) {
    return {
      AttributeDefinitions: properties.AttributeDefinitions,
      GlobalSecondaryIndexUpdates: [{ Create: wanted.get(name) }],
    };
  }
  return removed.length === 0 ? undefined : { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: removed[0] } }] };
}

/** The settings that have operations of their own: time to live, recovery, tags. */
export async function applySettings(
  tables: Tables,
  timeToLive: TimeToLive,
  name: string,
  properties: Json,
): Promise<void> {
  const record = tables.require(name);
  record.tags = readTags(properties.Tags);
  setRecovery(tables, record, properties.PointInTimeRecoverySpecification);
  await tables.save(record);
  const wanted = (properties.TimeToLiveSpecification ?? {}) as Json;
  const attribute = isTrue(wanted.Enabled) ? String(wanted.AttributeName ?? '') : undefined;
  if (record.timeToLive !== undefined && record.timeToLive.attribute !== attribute) {
    await timeToLive.update(record, false, record.timeToLive.attribute);
  }
  if (attribute !== undefined && record.timeToLive === undefined) await timeToLive.update(record, true, attribute);
}

export function stateOf(tables: Tables, name: string, description: Json): ResourceState {
  return { physicalId: name, attributes: { Arn: tables.arn(name), TableId: description.TableId } };
}

/** Templates may carry capacities and switches as text. */
export function withNumbers(request: Json): Json {
  const numeric = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(numeric);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [
        key,
        key.endsWith('CapacityUnits') ? Number(member) : numeric(member),
      ]),
    );
  };
  const given = Object.entries(request).filter(([, value]) => value !== undefined);
  return numeric(Object.fromEntries(given)) as Json;
}
