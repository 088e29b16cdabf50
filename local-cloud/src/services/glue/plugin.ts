import * as schemas from '@aws-sdk/client-glue';
import type { PluginFactory } from '../../core/plugin.ts';
import { Catalog } from './catalog.ts';
import { databaseOperations } from './operations/databases.ts';
import { partitionOperations } from './operations/partitions.ts';
import { tableOperations } from './operations/tables.ts';
import { databaseResource } from './resources/database.ts';
import { partitionResource } from './resources/partition.ts';
import { tableResource } from './resources/table.ts';

/** AWS Glue Data Catalog. Crawlers, jobs, views, table versions and Lake Formation are refused by name. */
export const createGluePlugin: PluginFactory = (context) => {
  const catalog = new Catalog(context);
  return {
    name: 'glue',
    apis: [
      {
        service: 'glue',
        signingName: 'glue',
        protocol: 'awsJson1_1',
        schemas,
        operations: [...databaseOperations(catalog), ...tableOperations(catalog), ...partitionOperations(catalog)],
      },
    ],
    resources: [databaseResource(catalog), tableResource(catalog), partitionResource(catalog)],
  };
};
