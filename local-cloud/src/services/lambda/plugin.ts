import { join } from 'node:path';
import * as lambda from '@aws-sdk/client-lambda';
import type { Operation } from '../../core/api.ts';
import { sleep } from '../../core/clock.ts';
import type { PluginFactory } from '../../core/plugin.ts';
import { AsyncQueue } from './async-queue.ts';
import { CodeStore } from './code-store.ts';
import { EnvironmentFactory } from './environment-factory.ts';
import { EventSourceMappings } from './event-source-mappings.ts';
import { FunctionDirectory } from './function-directory.ts';
import { STOP_GRACE } from './limits.ts';
import { concurrencyOperations } from './operations/concurrency.ts';
import { eventInvokeConfigOperations } from './operations/event-invoke-config.ts';
import { eventSourceMappingOperations } from './operations/event-source-mappings.ts';
import {
  createFunction,
  deleteFunction,
  updateFunctionCode,
  updateFunctionConfiguration,
} from './operations/function-lifecycle.ts';
import { getFunction, getFunctionConfiguration, listFunctions } from './operations/get-function.ts';
import { invoke } from './operations/invoke.ts';
import { addPermission, getPolicy, removePermission } from './operations/permissions.ts';
import { tagOperations } from './operations/tags.ts';
import { eventInvokeConfigResource } from './resources/event-invoke-config.ts';
import { eventSourceMappingResource } from './resources/event-source-mapping.ts';
import { functionResource } from './resources/function.ts';
import { permissionResource } from './resources/permission.ts';

/**
 * AWS Lambda: Node.js functions in processes of their own, asynchronous invocation, and event source mappings of
 * queues. Versions, aliases, layers, images, function URLs and other event sources are refused by name.
 */
export const createLambdaPlugin: PluginFactory = (context) => {
  const directory = join(context.dataDirectory, 'lambda');
  const code = new CodeStore(join(directory, 'code'), context.entropy);
  const factory = new EnvironmentFactory(context, code, directory);
  const functions = new FunctionDirectory(context, code, factory);
  const events = new AsyncQueue(functions);
  const mappings = new EventSourceMappings(functions);
  const operations: readonly Operation[] = [
    createFunction(functions),
    getFunction(functions),
    getFunctionConfiguration(functions),
    listFunctions(functions),
    updateFunctionConfiguration(functions),
    updateFunctionCode(functions),
    deleteFunction(functions),
    invoke(functions, events),
    addPermission(functions),
    removePermission(functions),
    getPolicy(functions),
    ...concurrencyOperations(functions),
    ...eventInvokeConfigOperations(functions),
    ...eventSourceMappingOperations(functions, mappings),
    ...tagOperations(functions),
  ];
  return {
    name: 'lambda',
    apis: [{ service: 'lambda', signingName: 'lambda', protocol: 'restJson1', schemas: lambda, operations }],
    resources: [
      functionResource(functions),
      permissionResource(functions),
      eventSourceMappingResource(functions, mappings),
      eventInvokeConfigResource(functions),
    ],
    async start() {
      events.start();
      mappings.start();
    },
    /** Running invocations get a while to end; then every process is gone. */
    async stop() {
      events.stop();
      functions.close();
      const finished = Promise.all([mappings.stop(), events.settled(), functions.settled()]);
      const abort = new AbortController();
      await Promise.race([finished, sleep(context.clock, STOP_GRACE, abort.signal)]);
      abort.abort();
      await factory.stop();
      await finished;
      await factory.flushLogs();
      await context.store.durable();
    },
  };
};
