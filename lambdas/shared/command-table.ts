import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type CommandRecord, commandRecordSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { type StateTable, stateTable } from './state-table.ts';
import type { TrackingPorts } from './tracked-state.ts';

const DAY_SECONDS = 86_400;

/** Commands by thing and id; an item goes `keepDays` after its deadline. Key: `{thingName}/{commandId}`. */
export function commandTable(
  client: DynamoDBClient,
  tableName: string,
  keepDays: number,
): Pick<TrackingPorts<CommandRecord, never>, 'load' | 'save'> {
  const table: StateTable<CommandRecord, never> = {
    client,
    tableName,
    keyOf(key) {
      const [thingName = '', commandId = ''] = key.split('/');
      return { thingName, commandId };
    },
    state: commandRecordSchema,
    output: z.never(),
    expiresAt: ({ expiresAt }) => Math.ceil(expiresAt / 1_000) + keepDays * DAY_SECONDS,
  };
  return stateTable(table);
}
