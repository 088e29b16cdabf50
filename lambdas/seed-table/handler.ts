import { setTimeout as pause } from 'node:timers/promises';
import { QueryCommand, TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import { TimestreamWriteClient, WriteRecordsCommand } from '@aws-sdk/client-timestream-write';
import { serveCustomResource } from '../shared/custom-resource/serve-custom-resource.ts';
import { observed } from '../shared/observability.ts';
import { requestSchema, type SeedRequest } from './schema.ts';
import { type SeedPorts, seedTable } from './seed-table.ts';

const reader = new TimestreamQueryClient({});
const writer = new TimestreamWriteClient({});

/** Dimensions of every row of samples, so that a query that groups by them finds columns. */
const DIMENSIONS = ['thing_name', 'site', 'device_type'];

const ports: SeedPorts = {
  now: Date.now,
  pause,
  async write({ DatabaseName, Measures, TableName }, time) {
    await writer.send(
      new WriteRecordsCommand({
        DatabaseName,
        TableName,
        Records: [
          {
            Dimensions: DIMENSIONS.map((Name) => ({ Name, Value: 'seed' })),
            MeasureName: 'seed',
            MeasureValueType: 'MULTI',
            MeasureValues: [
              { Name: 'boot_id', Value: '0', Type: 'BIGINT' },
              { Name: 'sequence', Value: '0', Type: 'BIGINT' },
              ...Measures.map((Name) => ({ Name, Value: '0', Type: 'DOUBLE' as const })),
            ],
            Time: String(time),
            TimeUnit: 'MILLISECONDS',
          },
        ],
      }),
    );
  },
  async isThere({ DatabaseName, Measures, TableName }) {
    const columns = ['thing_name', ...Measures.map((name) => `"${name}"`)].join(', ');
    const QueryString = `SELECT ${columns} FROM "${DatabaseName}"."${TableName}" LIMIT 1`;
    const { Rows = [] } = await reader.send(new QueryCommand({ QueryString }));
    return Rows.length > 0;
  },
};

export const handler = observed<unknown, void>((event, context) =>
  serveCustomResource<SeedRequest>(event, context, {
    schema: requestSchema,
    nothingCreated: 'seed',
    handle: (request) => seedTable(request, ports),
  }),
);
