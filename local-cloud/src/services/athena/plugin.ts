import { join } from 'node:path';
import * as schemas from '@aws-sdk/client-athena';
import type { PluginFactory } from '../../core/plugin.ts';
import { ScratchEngine } from '../../core/sql/scratch-engine.ts';
import { Executions } from './executions.ts';
import { NamedQueries } from './named-queries.ts';
import { executionOperations } from './operations/executions.ts';
import { namedQueryOperations } from './operations/named-queries.ts';
import { workGroupOperations } from './operations/workgroups.ts';
import { namedQueryResource } from './resources/named-query.ts';
import { workGroupResource } from './resources/workgroup.ts';
import { WorkGroups } from './workgroups.ts';

/** Amazon Athena: SELECT over tables of the Data Catalog in Parquet, JSON and CSV. Other statements are refused by name. */
export const createAthenaPlugin: PluginFactory = (context) => {
  const engine = new ScratchEngine(join(context.dataDirectory, 'athena', 'scratch'));
  const groups = new WorkGroups(context);
  const executions = new Executions(context, groups, engine);
  const queries = new NamedQueries(context, groups);
  return {
    name: 'athena',
    apis: [
      {
        service: 'athena',
        signingName: 'athena',
        protocol: 'awsJson1_1',
        schemas,
        operations: [
          ...workGroupOperations(groups, executions, queries),
          ...executionOperations(executions, groups),
          ...namedQueryOperations(queries, groups),
        ],
      },
    ],
    resources: [workGroupResource(groups, executions, queries), namedQueryResource(queries)],
    async stop() {
      await executions.stop();
      await engine.close();
    },
  };
};
