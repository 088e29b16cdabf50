import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  KEY_SET_ITEM,
  type ReleaseRecord,
  releaseItemId,
  releaseRecordSchema,
  type SignedKeySet,
  signedKeySetSchema,
  type UploadRecord,
  uploadItemId,
  uploadRecordSchema,
} from '@fleetwright/contracts';
import * as z from 'zod';
import { stateTable } from './state-table.ts';
import type { TrackingPorts } from './tracked-state.ts';

type Kept<T> = Pick<TrackingPorts<T, never>, 'load' | 'save'>;

/** Uploads are remembered for so long after their last change, in seconds; releases for good. */
const UPLOADS_KEPT = 90 * 86_400;

/** Uploads by their id and releases by their version, in one table. Key: `id`. */
export function releaseTable(
  client: DynamoDBClient,
  tableName: string,
): { readonly uploads: Kept<UploadRecord>; readonly releases: Kept<ReleaseRecord> } {
  return {
    uploads: stateTable({
      client,
      tableName,
      keyOf: (uploadId) => ({ id: uploadItemId(uploadId) }),
      state: uploadRecordSchema,
      output: z.never(),
      expiresAt: ({ changedAt }) => Math.ceil(changedAt / 1_000) + UPLOADS_KEPT,
    }),
    releases: stateTable({
      client,
      tableName,
      keyOf: (version) => ({ id: releaseItemId(version) }),
      state: releaseRecordSchema,
      output: z.never(),
    }),
  };
}

/** The signed key set that job documents carry; undefined before one was published. */
export async function publishedKeySet(client: DynamoDBClient, TableName: string): Promise<SignedKeySet | undefined> {
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: { id: { S: KEY_SET_ITEM } } }));
  return Item === undefined ? undefined : signedKeySetSchema.parse(JSON.parse(Item.record?.S ?? 'null'));
}
