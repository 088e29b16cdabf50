import { NotImplementedError } from '../../../core/errors.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { resourceConflict } from '../errors.ts';
import { type EventInvokeInput, eventInvokeSettings } from '../event-invoke-settings.ts';
import type { FunctionDirectory } from '../function-directory.ts';

export interface EventInvokeConfigProperties extends EventInvokeInput {
  FunctionName: string;
  Qualifier: string;
}

/** AWS::Lambda::EventInvokeConfig of `$LATEST`. */
export function eventInvokeConfigResource(functions: FunctionDirectory): ResourceProvider<EventInvokeConfigProperties> {
  async function apply(properties: EventInvokeConfigProperties): Promise<ResourceState> {
    if (properties.Qualifier !== '$LATEST') throw new NotImplementedError('Lambda versions and aliases');
    const runner = functions.require(properties.FunctionName);
    const settings = eventInvokeSettings(properties, runner.record, functions.context.clock.now());
    await functions.change(runner, { eventInvoke: settings }, false);
    return { physicalId: `${runner.record.name}|$LATEST`, attributes: {} };
  }
  return {
    type: 'AWS::Lambda::EventInvokeConfig',
    replaceOn: ['FunctionName', 'Qualifier'],
    properties: ['DestinationConfig', 'FunctionName', 'MaximumEventAgeInSeconds', 'MaximumRetryAttempts', 'Qualifier'],
    async create(properties) {
      if (functions.require(properties.FunctionName).record.eventInvoke !== undefined) {
        throw resourceConflict(`The function ${properties.FunctionName} already has an EventInvokeConfig`);
      }
      return apply(properties);
    },
    update: (properties) => apply(properties),
    async delete(state) {
      const runner = functions.find(state.physicalId.split('|')[0] as string);
      if (runner !== undefined) await functions.change(runner, { eventInvoke: undefined }, false);
    },
  };
}
