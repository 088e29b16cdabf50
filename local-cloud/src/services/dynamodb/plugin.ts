import { join } from 'node:path';
import * as schemas from '@aws-sdk/client-dynamodb';
import type { Operation } from '../../core/api.ts';
import type { Timer } from '../../core/clock.ts';
import { AwsError, messageOf } from '../../core/errors.ts';
import type { PluginFactory } from '../../core/plugin.ts';
import { Engine, type Json } from './engine.ts';
import { Gate } from './gate.ts';
import { EXPIRY_SWEEP_MS } from './limits.ts';
import { createItemOperations } from './operations/items.ts';
import { createTableSettingOperations } from './operations/table-settings.ts';
import { createTableOperations } from './operations/tables.ts';
import { createTransactionOperations } from './operations/transactions.ts';
import { createPassThrough } from './pass-through.ts';
import { createGlobalTableProvider } from './resources/global-table.ts';
import { createTableProvider } from './resources/table.ts';
import { TableLifecycle } from './table-lifecycle.ts';
import { Tables } from './tables.ts';
import { TimeToLive } from './time-to-live.ts';
import { Transactions } from './transactions.ts';
import type { WireOperation } from './wire-operation.ts';
import { fromWire, toWire } from './wire-values.ts';

/** Amazon DynamoDB on dynalite, with IAM, transactions and time to live of our own. */
export const createDynamodbPlugin: PluginFactory = (context) => {
  const tables = new Tables(context);
  const engine = new Engine(join(context.dataDirectory, 'dynamodb'), context.account);
  const gate = new Gate();
  const lifecycle = new TableLifecycle(tables, engine, gate);
  const transactions = new Transactions(context, engine, gate);
  const timeToLive = new TimeToLive(tables, engine, gate);
  const operations: WireOperation[] = [
    ...createItemOperations(tables, engine, gate),
    ...createTransactionOperations(tables, transactions),
    ...createTableOperations(tables, lifecycle),
    ...createTableSettingOperations(tables, timeToLive),
  ];
  const byName = new Map(operations.map((operation) => [operation.name, operation]));
  let sweep: Timer | undefined;
  const expire = () =>
    timeToLive.sweep().catch((error: unknown) => {
      context.log('error', 'expired items could not be removed', { reason: messageOf(error) });
    });
  return {
    name: 'dynamodb',
    apis: [
      {
        service: 'dynamodb',
        signingName: 'dynamodb',
        protocol: 'awsJson1_0',
        schemas,
        operations: operations.map(asOperation),
        passThrough: createPassThrough(context, byName, (name) => `${name}$` in schemas),
      },
    ],
    resources: [
      createTableProvider(tables, lifecycle, timeToLive),
      createGlobalTableProvider(tables, lifecycle, timeToLive),
    ],
    async start() {
      await engine.open();
      await transactions.recover();
      await lifecycle.recover();
      sweep = context.clock.every(EXPIRY_SWEEP_MS, () => void expire());
    },
    async stop() {
      sweep?.cancel();
      await timeToLive.idle();
      await gate.exclusive(() => engine.close());
    },
  };
};

/** The same operation for calls within the process, in the SDK's types. */
function asOperation(operation: WireOperation): Operation {
  return {
    name: operation.name,
    authorize: (input) => operation.authorize(toWire(input) as Json),
    async handle(input, call) {
      try {
        return fromWire(await operation.run(toWire(input) as Json, call));
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        throw new AwsError(error.code, error.message, error.statusCode, {
          cause: error,
          fields: fromWire(error.fields) as Json,
        });
      }
    },
  };
}
