import { type TimestreamWriteClient, WriteRecordsCommand } from '@aws-sdk/client-timestream-write';
import type { StorePort } from './write-records.ts';

/** The hot store on Timestream. Retries are the caller's: the client must make one attempt only. */
export function timestreamStore(client: TimestreamWriteClient, databaseName: string, tableName: string): StorePort {
  return {
    async write({ common, records }) {
      await client.send(
        new WriteRecordsCommand({
          DatabaseName: databaseName,
          TableName: tableName,
          CommonAttributes: common,
          Records: [...records],
        }),
      );
    },
  };
}
