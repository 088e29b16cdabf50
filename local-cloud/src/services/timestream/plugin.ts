import * as querySchemas from '@aws-sdk/client-timestream-query';
import * as writeSchemas from '@aws-sdk/client-timestream-write';
import type { PluginFactory } from '../../core/plugin.ts';
import { databaseOperations } from './operations/databases.ts';
import { describeEndpoints } from './operations/describe-endpoints.ts';
import { queryOperations } from './operations/query.ts';
import { tableOperations } from './operations/tables.ts';
import { tagOperations } from './operations/tagging.ts';
import { writeRecords } from './operations/write-records.ts';
import { databaseResource } from './resources/database.ts';
import { tableResource } from './resources/table.ts';
import { Timestream } from './timestream.ts';

/** Amazon Timestream for LiveAnalytics: the write and the query API on one DuckDB file. */
export const createTimestreamPlugin: PluginFactory = (context) => {
  const timestream = new Timestream(context);
  return {
    name: 'timestream',
    apis: [
      {
        service: 'timestream-write',
        signingName: 'timestream',
        protocol: 'awsJson1_0',
        schemas: writeSchemas,
        operations: [
          writeRecords(timestream),
          describeEndpoints(timestream),
          ...databaseOperations(timestream),
          ...tableOperations(timestream),
          ...tagOperations(timestream),
        ],
      },
      {
        service: 'timestream-query',
        signingName: 'timestream',
        protocol: 'awsJson1_0',
        schemas: querySchemas,
        operations: [describeEndpoints(timestream), ...queryOperations(timestream.queries)],
      },
    ],
    resources: [databaseResource(timestream), tableResource(timestream)],
    async start() {
      await timestream.engine.open();
      timestream.sweeper.start();
    },
    async stop() {
      timestream.sweeper.stop();
      timestream.queries.close();
      await timestream.engine.close();
    },
  };
};
