import type {
  DeleteFunctionEventInvokeConfigRequest,
  FunctionEventInvokeConfig,
  GetFunctionEventInvokeConfigRequest,
  PutFunctionEventInvokeConfigRequest,
  UpdateFunctionEventInvokeConfigRequest,
} from '@aws-sdk/client-lambda';
import type { Operation } from '../../../core/api.ts';
import { resourceNotFound } from '../errors.ts';
import { eventInvokeConfig, eventInvokeSettings } from '../event-invoke-settings.ts';
import type { FunctionDirectory } from '../function-directory.ts';
import type { EventInvokeSettings, FunctionRecord } from '../function-record.ts';

export function eventInvokeConfigOperations(functions: FunctionDirectory): Operation[] {
  const { clock } = functions.context;
  const put: Operation<PutFunctionEventInvokeConfigRequest, FunctionEventInvokeConfig> = {
    name: 'PutFunctionEventInvokeConfig',
    authorize: (input) => functions.permissions('lambda:PutFunctionEventInvokeConfig', input.FunctionName),
    async handle(input) {
      const runner = functions.require(input.FunctionName, input.Qualifier);
      const settings = eventInvokeSettings(input, runner.record, clock.now());
      return eventInvokeConfig(await functions.change(runner, { eventInvoke: settings }, false), settings);
    },
  };
  const update: Operation<UpdateFunctionEventInvokeConfigRequest, FunctionEventInvokeConfig> = {
    name: 'UpdateFunctionEventInvokeConfig',
    authorize: (input) => functions.permissions('lambda:UpdateFunctionEventInvokeConfig', input.FunctionName),
    async handle(input) {
      const runner = functions.require(input.FunctionName, input.Qualifier);
      const current = existing(runner.record);
      const change = eventInvokeSettings(input, runner.record, clock.now());
      const settings = {
        maximumRetryAttempts: change.maximumRetryAttempts ?? current.maximumRetryAttempts,
        maximumEventAge: change.maximumEventAge ?? current.maximumEventAge,
        onSuccess: input.DestinationConfig?.OnSuccess === undefined ? current.onSuccess : change.onSuccess,
        onFailure: input.DestinationConfig?.OnFailure === undefined ? current.onFailure : change.onFailure,
        lastModified: change.lastModified,
      };
      return eventInvokeConfig(await functions.change(runner, { eventInvoke: settings }, false), settings);
    },
  };
  const get: Operation<GetFunctionEventInvokeConfigRequest, FunctionEventInvokeConfig> = {
    name: 'GetFunctionEventInvokeConfig',
    authorize: (input) => functions.permissions('lambda:GetFunctionEventInvokeConfig', input.FunctionName),
    handle(input) {
      const { record } = functions.require(input.FunctionName, input.Qualifier);
      return eventInvokeConfig(record, existing(record));
    },
  };
  const remove: Operation<DeleteFunctionEventInvokeConfigRequest, object> = {
    name: 'DeleteFunctionEventInvokeConfig',
    authorize: (input) => functions.permissions('lambda:DeleteFunctionEventInvokeConfig', input.FunctionName),
    async handle(input) {
      const runner = functions.require(input.FunctionName, input.Qualifier);
      existing(runner.record);
      await functions.change(runner, { eventInvoke: undefined }, false);
      return {};
    },
  };
  return [put, update, get, remove];
}

function existing(record: FunctionRecord): EventInvokeSettings {
  if (record.eventInvoke === undefined) {
    throw resourceNotFound(`The function ${record.arn}:$LATEST doesn't have an EventInvokeConfig`);
  }
  return record.eventInvoke;
}
