import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { errorName } from './errors.ts';
import type { Tracked, TrackingPorts } from './tracked-state.ts';

export interface StateTable<State, Output> {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Parts of a key as attributes of the table's key. */
  keyOf(key: string): Readonly<Record<string, string>>;
  readonly state: z.ZodType<State>;
  readonly output: z.ZodType<Output>;
  /** seconds since the epoch after which an item may go; undefined keeps it */
  expiresAt?(state: State): number | undefined;
}

/** States in a DynamoDB table: `{ …key, revision, record, outbox, dueAt?, expiresAt? }`, the middle ones as JSON. */
export function stateTable<State, Output>(
  table: StateTable<State, Output>,
): Pick<TrackingPorts<State, Output>, 'load' | 'save'> {
  const { client, tableName } = table;
  const keyAttributes = (key: string) =>
    Object.fromEntries(Object.entries(table.keyOf(key)).map(([name, value]) => [name, { S: value }]));
  return {
    async load(key): Promise<Tracked<State, Output> | undefined> {
      const { Item: item } = await client.send(
        new GetItemCommand({ TableName: tableName, Key: keyAttributes(key), ConsistentRead: true }),
      );
      if (item === undefined) return undefined;
      return {
        state: table.state.parse(JSON.parse(item.record?.S ?? 'null')),
        outbox: z.array(table.output).parse(JSON.parse(item.outbox?.S ?? '[]')),
        revision: Number(item.revision?.N),
        ...(item.dueAt?.N !== undefined && { dueAt: Number(item.dueAt.N) }),
      };
    },
    async save(key, expected, { state, outbox, revision, dueAt }): Promise<boolean> {
      const expiresAt = table.expiresAt?.(state);
      try {
        await client.send(
          new PutItemCommand({
            TableName: tableName,
            Item: {
              ...keyAttributes(key),
              revision: { N: String(revision) },
              record: { S: JSON.stringify(state) },
              outbox: { S: JSON.stringify(outbox) },
              ...(dueAt !== undefined && { dueAt: { N: String(dueAt) } }),
              ...(expiresAt !== undefined && { expiresAt: { N: String(expiresAt) } }),
            },
            ConditionExpression: expected === 0 ? 'attribute_not_exists(#revision)' : '#revision = :expected',
            ExpressionAttributeNames: { '#revision': 'revision' },
            ...(expected !== 0 && { ExpressionAttributeValues: { ':expected': { N: String(expected) } } }),
          }),
        );
        return true;
      } catch (error) {
        if (errorName(error) === 'ConditionalCheckFailedException') return false;
        throw error;
      }
    },
  };
}
